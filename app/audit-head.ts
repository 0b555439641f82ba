import { AppError } from '../contracts/errors.ts'
import type { AuditHead } from '../store/index.ts'

/** A head as it stands in the log, and as `prahari audit verify --expect` takes it. */
export function formatAuditHead({ seq, chain }: AuditHead): string {
  return `${seq}:${chain}`
}

/** @throws AppError `bad-option` */
export function parseAuditHead(text: string): AuditHead {
  const [, seq, chain] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text.trim()) ?? []
  if (seq !== undefined && chain !== undefined) return { seq: Number(seq), chain }
  throw new AppError('invalid', 'bad-option', `a head is a number, a colon and 64 hex digits, not ${text}`)
}
