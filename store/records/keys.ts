import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { AppError } from '../../contracts/errors.ts'

/**
 * What the records are sealed, stamped and chained with. The key lies outside the database: whoever has only a copy of
 * that can read no second factor, guess no one-time code, and forge no line of the audit trail.
 */
export interface Keyring {
  /** HMAC-SHA-256 under a key of its own for each purpose. @returns 64 hex digits */
  stamp(purpose: StampPurpose, text: string): string
  /** Encrypts for `open`. @param about what it belongs to: sealed text moved elsewhere does not open there */
  seal(text: string, about: string): string
  /** @throws AppError `sealed-unreadable` when the key is another one, or the text was changed */
  open(sealed: string, about: string): string
}

type StampPurpose = 'audit' | 'one-time-code'

const keyBytesMin = 32
const nonceBytes = 12
const tagBytes = 16

/** @throws AppError `records-key-too-short` */
export function createKeyring(secret: string): Keyring {
  const root = Buffer.from(secret, 'utf8')
  if (root.length < keyBytesMin) {
    throw new AppError('invalid', 'records-key-too-short', `the records key needs at least ${keyBytesMin} bytes`)
  }
  // RFC 5869: one secret, a key for each use.
  const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', root, '', `prahari ${purpose}`, 32))
  const stampKeys: Readonly<Record<StampPurpose, Buffer>> = {
    audit: derive('audit chain'),
    'one-time-code': derive('one-time codes'),
  }
  const sealKey = derive('sealed columns')
  return {
    stamp: (purpose, text) => createHmac('sha256', stampKeys[purpose]).update(text).digest('hex'),
    seal(text, about) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', sealKey, nonce).setAAD(Buffer.from(about))
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url')
    },
    open(sealed, about) {
      const bytes = Buffer.from(sealed, 'base64url')
      try {
        const decipher = createDecipheriv('aes-256-gcm', sealKey, bytes.subarray(0, nonceBytes))
          .setAAD(Buffer.from(about))
          .setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes))
        return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]).toString(
          'utf8',
        )
      } catch (cause) {
        throw new AppError('internal', 'sealed-unreadable', 'a sealed value does not open with this records key', {
          cause,
        })
      }
    },
  }
}
