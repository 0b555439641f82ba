import { type Kysely, type Migration, sql } from 'kysely'
import { chainStart, linkOf, sealOf } from '../audit-chain.ts'
import type { Keyring } from '../keys.ts'
import type { AuditHeadRow, AuditRow } from '../tables.ts'

const rowsAtOnce = 1000

interface AuditTables {
  audit: Omit<AuditRow, 'seq' | 'chain'>
  new_audit: AuditRow
  audit_head: AuditHeadRow
}

/**
 * Numbers the audit trail and ties each row to the one before. What was written until now is tied in the order of its
 * ids; from here on it cannot be changed unnoticed.
 */
export function auditChain(keys: Keyring): Migration {
  return {
    async up(db: Kysely<AuditTables>) {
      await createTables(db)
      const end = await chainRows(db, keys)
      const head = { ...end, first_seq: 1, first_chain: chainStart, updated_at_ms: 0 }
      await db
        .insertInto('audit_head')
        .values({ id: 1, ...head, seal: sealOf(keys, head) })
        .execute()
      await db.schema.dropTable('audit').execute()
      await db.schema.alterTable('new_audit').renameTo('audit').execute()
      // Each as a page of the list needs it: rows of one kind, by time.
      for (const column of ['actor', 'action', 'subject'] as const) {
        await db.schema.createIndex(`audit_of_${column}`).on('audit').columns([column, 'at_ms', 'seq']).execute()
      }
      await db.schema.createIndex('audit_by_time').on('audit').columns(['at_ms', 'seq']).execute()
    },
  }
}

async function createTables(db: Kysely<AuditTables>) {
  await db.schema
    .createTable('new_audit')
    // Of this type alone a key needs no index beside the table in SQLite.
    .addColumn('seq', 'integer', (c) => c.notNull().primaryKey())
    .addColumn('id', 'text', (c) => c.notNull())
    .addColumn('at_ms', 'bigint', (c) => c.notNull())
    .addColumn('actor', 'text', (c) => c.notNull())
    .addColumn('action', 'text', (c) => c.notNull())
    .addColumn('subject', 'text')
    .addColumn('detail', 'text', (c) => c.notNull())
    .addColumn('chain', 'text', (c) => c.notNull())
    .execute()
  await db.schema
    .createTable('audit_head')
    .addColumn('id', 'integer', (c) => c.notNull().primaryKey())
    .addColumn('seq', 'bigint', (c) => c.notNull())
    .addColumn('chain', 'text', (c) => c.notNull())
    .addColumn('first_seq', 'bigint', (c) => c.notNull())
    .addColumn('first_chain', 'text', (c) => c.notNull())
    .addColumn('updated_at_ms', 'bigint', (c) => c.notNull())
    .addColumn('seal', 'text', (c) => c.notNull())
    .addCheckConstraint('audit_head_alone', sql`id = 1`)
    .execute()
}

async function chainRows(db: Kysely<AuditTables>, keys: Keyring): Promise<{ seq: number; chain: string }> {
  let end = { seq: 0, chain: chainStart }
  let afterId = ''
  for (;;) {
    const rows = await db
      .selectFrom('audit')
      .selectAll()
      .where('id', '>', afterId)
      .orderBy('id')
      .limit(rowsAtOnce)
      .execute()
    const chained = rows.map((row) => {
      const numbered = { ...row, seq: end.seq + 1 }
      end = { seq: numbered.seq, chain: linkOf(keys, end.chain, numbered) }
      return { ...numbered, chain: end.chain }
    })
    for (const row of chained) await db.insertInto('new_audit').values(row).execute()
    if (rows.length < rowsAtOnce) return end
    afterId = rows.at(-1)!.id
  }
}
