import { type Reach, reachOf } from '../../contracts/access.ts'
import type { SosEvidence, SosRecord } from '../../contracts/sos.ts'
import type { SosDesk } from '../../safety/index.ts'
import type { Records } from '../../store/index.ts'
import { notFound } from '../errors.ts'
import type { Principal } from '../http/route.ts'
import { presentSos } from './present-sos.ts'

export interface SosRouteDeps {
  readonly sosDesk: SosDesk
  readonly records: Records
  readonly now: () => number
}

export interface Viewer {
  readonly principal: Principal
  readonly reach: Reach
}

/**
 * An SOS as far as somebody may see it: their own as owners are shown it, others' by who may see all. A countdown that
 * is not over is nobody else's.
 */
export function createVisibleSos({ sosDesk, records }: SosRouteDeps) {
  function isOwn(sos: SosRecord, { principal }: Pick<Viewer, 'principal'>): boolean {
    return sos.ownerId === principal.userId
  }

  /** @throws AppError `sos-not-found` */
  async function find(sosId: string, viewer: Viewer): Promise<SosRecord> {
    const sos = await sosDesk.get(sosId)
    const isVisible = isOwn(sos, viewer) || (viewer.reach === 'all' && sos.state !== 'countdown')
    if (!isVisible) throw notFound('sos')
    return sos
  }

  /** That somebody saw where other people are is in the audit trail before they are told. */
  async function auditPlaces(sosIds: readonly string[], { principal }: Pick<Viewer, 'principal'>): Promise<void> {
    if (sosIds.length === 0) return
    const [first] = sosIds
    const subject = sosIds.length === 1 ? { subject: `sos:${first}` } : { detail: { sosIds } }
    await records.audit.append({ actor: principal.userId, action: 'sos-location-viewed', ...subject })
  }

  return {
    find,
    auditPlaces,
    /** With its timeline and what was recorded. */
    async present(sos: SosRecord, viewer: Pick<Viewer, 'principal'>) {
      const evidence = await records.sos.evidenceOf(sos.id)
      if (isOwn(sos, viewer)) {
        const shown = await sosDesk.ownerView(sos)
        return presentSos(shown.sos, { timeline: shown.timeline, evidence: evidenceShown(evidence, sos) })
      }
      if (sos.location !== undefined) await auditPlaces([sos.id], viewer)
      return presentSos(sos, { timeline: await sosDesk.timeline(sos.id), evidence })
    },
    /** A page of them as lists show them. */
    async presentAll<T>(items: readonly SosRecord[], viewer: Viewer, present: (sos: SosRecord) => T): Promise<T[]> {
      const others = items.filter((sos) => !isOwn(sos, viewer) && sos.location !== undefined)
      await auditPlaces(
        others.map(({ id }) => id),
        viewer,
      )
      const shown: T[] = []
      for (const sos of items) {
        shown.push(present(isOwn(sos, viewer) && sos.isDuress ? (await sosDesk.ownerView(sos)).sos : sos))
      }
      return shown
    },
  }
}

/** What others recorded after somebody was made to cancel would tell that it was not cancelled. */
export function evidenceShown(evidence: readonly SosEvidence[], sos: SosRecord): readonly SosEvidence[] {
  const { isDuress, cancelledAtMs, ownerId } = sos
  if (!isDuress || cancelledAtMs === undefined) return evidence
  return evidence.filter(({ addedAtMs, addedBy }) => addedAtMs <= cancelledAtMs || addedBy === ownerId)
}

/** Whether somebody may call on behalf of another. */
export function mayCallForOthers({ role }: Principal): boolean {
  return reachOf(role, 'sos.act') === 'all'
}
