import { createHash, randomBytes } from 'node:crypto'

/** 256 random bits in 43 characters. */
export function drawSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** A plain hash is enough for a secret that cannot be guessed; slow ones are for passwords. */
export function hashSecret(secret: string | Uint8Array): Buffer {
  return createHash('sha256').update(secret).digest()
}
