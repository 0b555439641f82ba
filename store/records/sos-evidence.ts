import type { SosEvidence, SosShare } from '../../contracts/sos.ts'
import type { Scope } from './scope.ts'
import type { SosEvidenceRow, SosShareRow } from './sos-tables.ts'

/** What was recorded of an SOS, and the links that show it to people without an account. */
export interface SosEvidenceRecords {
  addEvidence(evidence: SosEvidence): Promise<void>
  /** Oldest first. */
  evidenceOf(sosId: string): Promise<readonly SosEvidence[]>
  addShare(share: SosShare, tokenHash: string): Promise<void>
  /** Oldest first. */
  sharesOf(sosId: string): Promise<readonly SosShare[]>
  findShare(tokenHash: string): Promise<SosShare | undefined>
  /** @returns false when there is none that is open */
  revokeShare(options: { readonly sosId: string; readonly shareId: string; readonly atMs: number }): Promise<boolean>
}

export function createSosEvidenceRecords({ db }: Scope): SosEvidenceRecords {
  return {
    async addEvidence({ id, sosId, kind, mediaType, bytes, sha256, addedAtMs, addedBy }) {
      await db
        .insertInto('sos_evidence')
        .values({
          id,
          sos_id: sosId,
          kind,
          media_type: mediaType,
          bytes,
          sha256,
          added_at_ms: addedAtMs,
          added_by: addedBy,
        })
        .execute()
    },
    async evidenceOf(sosId) {
      const rows = await db.selectFrom('sos_evidence').selectAll().where('sos_id', '=', sosId).orderBy('id').execute()
      return rows.map(toEvidence)
    },
    async addShare({ id, sosId, createdBy, createdAtMs, expiresAtMs }, tokenHash) {
      await db
        .insertInto('sos_shares')
        .values({
          id,
          sos_id: sosId,
          token_hash: tokenHash,
          created_by: createdBy,
          created_at_ms: createdAtMs,
          expires_at_ms: expiresAtMs,
          revoked_at_ms: null,
        })
        .execute()
    },
    async sharesOf(sosId) {
      const rows = await db.selectFrom('sos_shares').selectAll().where('sos_id', '=', sosId).orderBy('id').execute()
      return rows.map(toShare)
    },
    async findShare(tokenHash) {
      const row = await db.selectFrom('sos_shares').selectAll().where('token_hash', '=', tokenHash).executeTakeFirst()
      return row && toShare(row)
    },
    async revokeShare({ sosId, shareId, atMs }) {
      const { numUpdatedRows } = await db
        .updateTable('sos_shares')
        .set({ revoked_at_ms: atMs })
        .where('id', '=', shareId)
        .where('sos_id', '=', sosId)
        .where('revoked_at_ms', 'is', null)
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },
  }
}

function toEvidence(row: SosEvidenceRow): SosEvidence {
  return {
    id: row.id,
    sosId: row.sos_id,
    kind: row.kind,
    mediaType: row.media_type,
    bytes: row.bytes,
    sha256: row.sha256,
    addedAtMs: row.added_at_ms,
    addedBy: row.added_by,
  }
}

function toShare(row: SosShareRow): SosShare {
  return {
    id: row.id,
    sosId: row.sos_id,
    createdBy: row.created_by,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    revokedAtMs: row.revoked_at_ms ?? undefined,
  }
}
