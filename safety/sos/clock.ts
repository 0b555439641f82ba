import type { SosRecord } from '../../contracts/sos.ts'
import { type DueStep, dueStep } from './clockwork.ts'
import type { SosTools } from './sos-deps.ts'
import { findSos, type StepPlan, writeChange, writeStep } from './steps.ts'

/** Done by one tick; what is left over is due a second later. */
const dueCountMax = 200

/** What the clock does about open SOS. When it has to is in the records, so that a restart is late, not forgetful. */
export function createSosClock(tools: SosTools) {
  const { records, bus, book, now, clock, log } = tools

  function planOf(before: SosRecord, due: DueStep): StepPlan {
    const actor = 'system'
    switch (due.type) {
      case 'activate':
        return {
          action: 'activated',
          actor,
          to: 'active',
          change: { countdownEndsAtMs: null, policeNotifiedAtMs: now() },
        }
      case 'escalate':
        return { action: 'escalated', actor, detail: { level: due.to }, change: { escalation: due.to } }
      case 'mark-silent':
        return { action: 'silent', actor, change: { silentSinceMs: before.lastSeenAtMs } }
    }
  }

  async function runDue(sosId: string): Promise<void> {
    const done = await records.transaction(async (repositories) => {
      const before = await findSos(repositories, sosId)
      const due = dueStep(before, now(), clock)
      if (due === undefined) {
        // Its time was set under other options.
        await writeChange(tools, repositories, before, {})
        return undefined
      }
      const plan = planOf(before, due)
      return { sos: await writeStep(tools, repositories, before, plan), action: plan.action, type: due.type }
    })
    if (done === undefined) return
    const { sos, action, type } = done
    book.put(sos)
    if (type === 'activate') bus.publish('sos-pressed', { sos, isNew: true })
    bus.publish('sos-changed', { sos, action })
  }

  /** Does what is due at this moment. @returns how many were due */
  return async function tick(): Promise<number> {
    const due = await records.sos.listDue(now(), dueCountMax)
    for (const { id } of due) {
      try {
        await runDue(id)
      } catch (error) {
        log.error({ err: error, sosId: id }, 'what was due of an SOS failed; it is tried again')
      }
    }
    return due.length
  }
}
