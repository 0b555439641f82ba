import type { Area } from '../../contracts/area.ts'
import type { Broadcast, BroadcastCounts, BroadcastInput } from '../../contracts/dispatch.ts'
import type { BroadcastRow } from './dispatch-tables.ts'
import { type Page, type PageQuery, rowsToRead, toPage } from './page.ts'
import type { Scope } from './scope.ts'

/** What was said to whole areas, with whom it was for. */
export interface BroadcastRecords {
  create(
    input: BroadcastInput & {
      readonly by: string
      readonly atMs: number
      readonly expiresAtMs: number
      readonly counts: BroadcastCounts
    },
  ): Promise<Broadcast>
  get(broadcastId: string): Promise<Broadcast | undefined>
  /** Newest first. */
  list(query: PageQuery): Promise<Page<Broadcast>>
  /** What the MQTT broker has not taken yet and is still of use, oldest first. */
  waiting(nowMs: number): Promise<readonly Broadcast[]>
  /** @returns undefined when it was announced before */
  markAnnounced(options: { readonly broadcastId: string; readonly atMs: number }): Promise<Broadcast | undefined>
}

const waitingMax = 100

export function createBroadcastRecords({ db, makeId }: Scope): BroadcastRecords {
  return {
    async create({ area, text, severity, by, atMs, expiresAtMs, counts }) {
      const row = await db
        .insertInto('broadcasts')
        .values({
          id: makeId(),
          area: JSON.stringify(area),
          text,
          severity,
          sent_by: by,
          sent_at_ms: atMs,
          expires_at_ms: expiresAtMs,
          device_count: counts.devices,
          connected_count: counts.devicesConnected ?? null,
          people_count: counts.people,
          announced_at_ms: null,
        })
        .returningAll()
        .executeTakeFirstOrThrow()
      return toBroadcast(row)
    },
    async get(broadcastId) {
      const row = await db.selectFrom('broadcasts').selectAll().where('id', '=', broadcastId).executeTakeFirst()
      return row && toBroadcast(row)
    },
    async list(query) {
      let rows = db.selectFrom('broadcasts').selectAll().orderBy('id', 'desc').limit(rowsToRead(query))
      if (query.cursor !== undefined) rows = rows.where('id', '<', query.cursor)
      return toPage(await rows.execute(), query, toBroadcast)
    },
    async waiting(nowMs) {
      const rows = await db
        .selectFrom('broadcasts')
        .selectAll()
        .where('announced_at_ms', 'is', null)
        .where('expires_at_ms', '>', nowMs)
        .orderBy('id')
        .limit(waitingMax)
        .execute()
      return rows.map(toBroadcast)
    },
    async markAnnounced({ broadcastId, atMs }) {
      const row = await db
        .updateTable('broadcasts')
        .set({ announced_at_ms: atMs })
        .where('id', '=', broadcastId)
        .where('announced_at_ms', 'is', null)
        .returningAll()
        .executeTakeFirst()
      return row && toBroadcast(row)
    },
  }
}

function toBroadcast(row: BroadcastRow): Broadcast {
  return {
    id: row.id,
    area: JSON.parse(row.area) as Area,
    text: row.text,
    severity: row.severity,
    sentBy: row.sent_by,
    sentAtMs: row.sent_at_ms,
    expiresAtMs: row.expires_at_ms,
    counts: {
      devices: row.device_count,
      devicesConnected: row.connected_count ?? undefined,
      people: row.people_count,
    },
    announcedAtMs: row.announced_at_ms ?? undefined,
  }
}
