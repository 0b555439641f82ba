import { AppError } from '../../contracts/errors.ts'
import type { SosAction, SosRecord, SosState } from '../../contracts/sos.ts'
import { toOwnerView } from '../../contracts/sos-owner-view.ts'
import type { Repositories, SosChange } from '../../store/index.ts'
import { nextDueAtMs } from './clockwork.ts'
import { assertMayBecome } from './life-cycle.ts'
import { rateSos } from './severity.ts'
import type { SosTools } from './sos-deps.ts'

/** What a wearable is told of its SOS. */
export type WearableWord = 'sos-received' | 'help-on-the-way' | 'cancel-confirmed'

export interface StepPlan {
  readonly action: SosAction
  readonly actor: string
  readonly to?: SosState | undefined
  readonly note?: string | undefined
  readonly detail?: Readonly<Record<string, unknown>> | undefined
  readonly change?: Omit<SosChange, 'updatedAtMs' | 'state' | 'severity' | 'severityReasons' | 'dueAtMs'>
  readonly tells?: WearableWord | undefined
}

/** @throws AppError `sos-not-found` */
export async function findSos({ sos }: Pick<Repositories, 'sos'>, sosId: string): Promise<SosRecord> {
  const record = await sos.get(sosId)
  if (!record) throw new AppError('not-found', 'sos-not-found', `no SOS ${sosId}`)
  return record
}

/**
 * Writes one step within a transaction: the SOS as it now is, the line of its history, what wearables are told, and what
 * else has to be told. Severity and clock follow from what changed.
 * @throws AppError `sos-illegal-transition`
 */
export async function writeStep(
  tools: SosTools,
  repositories: Repositories,
  before: SosRecord,
  plan: StepPlan,
): Promise<SosRecord> {
  const { action, actor, to, note, detail, change = {}, tells } = plan
  if (to !== undefined) assertMayBecome(before, to)
  const atMs = tools.now()
  const after = await writeChange(tools, repositories, before, { ...change, ...(to !== undefined && { state: to }) })
  await repositories.sos.note({
    sosId: before.id,
    atMs,
    actor,
    action,
    ...(to !== undefined && { from: before.state, to }),
    note,
    ...(detail && { detail }),
  })
  if (tells !== undefined) await tellWearables(repositories, after, tells)
  await tools.duringStep?.(repositories, { sos: after, action, isNew: false })
  return after
}

/** The change, and what follows from it: when the clock has to look again, and how severe it now is. */
export async function writeChange(
  tools: SosTools,
  { sos }: Repositories,
  before: SosRecord,
  change: Omit<SosChange, 'updatedAtMs'>,
): Promise<SosRecord> {
  const { location: _location, ...plain } = change
  const changed = { ...before, ...dropNulls(plain) } as SosRecord
  const rated = rateSos(changed, tools.localHour(before.receivedAtMs))
  const isRatedAnew = rated.severity !== before.severity || rated.reasons.join() !== before.severityReasons.join()
  if (rated.severity !== before.severity) {
    const detail = { from: before.severity, to: rated.severity, reasons: rated.reasons }
    await sos.note({ sosId: before.id, atMs: tools.now(), actor: 'system', action: 'severity-changed', detail })
  }
  return sos.update(before.id, {
    ...change,
    ...(isRatedAnew && { severity: rated.severity, severityReasons: rated.reasons }),
    dueAtMs: nextDueAtMs(changed, tools.clock),
    updatedAtMs: Math.max(tools.now(), before.updatedAtMs),
  })
}

function dropNulls(change: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(change).map(([field, value]) => [field, value ?? undefined]))
}

/** Once per step, as the step is: with its commit. A wearable at which a cancel was shown goes on as if it were so. */
async function tellWearables({ sos, commands }: Repositories, record: SosRecord, word: WearableWord): Promise<void> {
  if (word !== 'cancel-confirmed' && toOwnerView(record).state === 'cancelled') return
  for (const deviceId of await sos.devicesOf(record.id)) {
    await commands.tell({ deviceId, name: word, body: { sosId: record.id } })
  }
}

/** Runs one step as a whole and tells of it when it is on disk. */
export async function takeStep(
  tools: SosTools,
  sosId: string,
  plan: (before: SosRecord, repositories: Repositories) => StepPlan | Promise<StepPlan>,
): Promise<SosRecord> {
  const { records, bus, book } = tools
  const { before, after, action } = await records.transaction(async (repositories) => {
    const found = await findSos(repositories, sosId)
    const planned = await plan(found, repositories)
    return { before: found, after: await writeStep(tools, repositories, found, planned), action: planned.action }
  })
  book.put(after)
  // What was a countdown until now, nobody has heard of yet.
  if (before.state === 'countdown' && after.state === 'active') bus.publish('sos-pressed', { sos: after, isNew: true })
  bus.publish('sos-changed', { sos: after, action })
  return after
}
