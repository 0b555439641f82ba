import { AppError } from '../../contracts/errors.ts'
import { isOpenSos, type SosOutcome, type SosRecord } from '../../contracts/sos.ts'
import { assertMayBecome } from './life-cycle.ts'
import type { SosTools } from './sos-deps.ts'
import { findSos, type StepPlan, takeStep, writeStep } from './steps.ts'

export interface SosHandling {
  readonly sosId: string
  readonly by: string
  readonly note?: string | undefined
}

/** What dispatchers do about an SOS. Each is one row of its history, and an entry of the audit trail. */
export function createHandling(tools: SosTools) {
  const { records, bus, book, now } = tools

  function handle({ sosId, by }: SosHandling, plan: (before: SosRecord) => StepPlan): Promise<SosRecord> {
    return takeStep(tools, sosId, async (before, { audit }) => {
      const planned = plan(before)
      if (planned.to !== undefined) assertMayBecome(before, planned.to)
      await audit.append({ actor: by, action: `sos-${planned.action}`, subject: `sos:${sosId}` })
      return planned
    })
  }

  return {
    /** Moves it on. What the dispatch desk calls when units are sent, arrive, or are all taken away again. */
    setStatus(handling: SosHandling & { readonly to: 'acknowledged' | 'dispatched' | 'on-scene' }): Promise<SosRecord> {
      const { by, note, to } = handling
      return handle(handling, (before) => ({
        action: to,
        actor: by,
        to,
        note,
        change: {
          // Whoever sends help has seen it.
          ...(before.acknowledgedAtMs === undefined && { acknowledgedAtMs: now(), acknowledgedBy: by }),
          ...(to === 'dispatched' && before.dispatchedAtMs === undefined && { dispatchedAtMs: now() }),
          ...(to === 'on-scene' && { onSceneAtMs: now() }),
        },
        tells: to === 'dispatched' ? 'help-on-the-way' : undefined,
      }))
    },
    resolve(handling: SosHandling & { readonly outcome?: SosOutcome | undefined }): Promise<SosRecord> {
      const { by, note, outcome } = handling
      const change = { closedAtMs: now(), closedBy: by, outcome: outcome ?? null }
      const detail = outcome === undefined ? undefined : { outcome }
      return handle(handling, () => ({ action: 'resolved', actor: by, to: 'resolved', note, change, detail }))
    },
    note: (handling: SosHandling & { readonly note: string }): Promise<SosRecord> =>
      handle(handling, () => ({ action: 'noted', actor: handling.by, note: handling.note })),
    /**
     * Two that are one: the first ends as part of the other, which gets its presses, trail and evidence.
     * @returns the other
     */
    async merge({ sosId, into, by, note }: SosHandling & { readonly into: string }): Promise<SosRecord> {
      const { from, to } = await records.transaction(async (repositories) => {
        const [mergedBefore, intoBefore] = [await findSos(repositories, sosId), await findSos(repositories, into)]
        assertMerges(mergedBefore, intoBefore)
        const change = { closedAtMs: now(), closedBy: by, mergedInto: into }
        const merged = await writeStep(tools, repositories, mergedBefore, {
          action: 'merged',
          actor: by,
          to: 'resolved',
          note,
          change,
        })
        await repositories.sos.moveAll({ from: sosId, to: into })
        const kept = await writeStep(tools, repositories, intoBefore, {
          action: 'merged',
          actor: by,
          note,
          detail: { from: sosId },
          change: {
            pressCount: intoBefore.pressCount + mergedBefore.pressCount,
            ...learn(intoBefore, mergedBefore),
          },
        })
        await repositories.audit.append({ actor: by, action: 'sos-merged', subject: `sos:${sosId}`, detail: { into } })
        return { from: merged, to: kept }
      })
      book.put(from)
      book.put(to)
      bus.publish('sos-changed', { sos: from, action: 'merged' })
      bus.publish('sos-changed', { sos: to, action: 'merged' })
      return to
    },
  }
}

/** The next press of whoever called by the one goes to the other. */
function learn(into: SosRecord, from: SosRecord) {
  return {
    ...(into.ownerId === undefined && from.ownerId !== undefined && { ownerId: from.ownerId }),
    ...(into.deviceId === undefined && from.deviceId !== undefined && { deviceId: from.deviceId }),
    ...(into.location === undefined && from.location !== undefined && { location: from.location }),
  }
}

function assertMerges(from: SosRecord, into: SosRecord): void {
  if (from.id === into.id) throw new AppError('invalid', 'sos-merge-self', 'an SOS cannot be merged into itself')
  if (!isOpenSos(into) || into.state === 'countdown') {
    throw new AppError('conflict', 'sos-closed', `SOS ${into.id} is ${into.state}`)
  }
}
