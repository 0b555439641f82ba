import { type Assignment, type CaseRef, isOpenAssignment, type Unit } from '../../contracts/dispatch.ts'
import { distanceM, type Position } from '../../contracts/geo.ts'
import { describeDuration } from '../alerts/message.ts'

/** A unit that can be sent, with what the order was made by. */
export interface Candidate {
  readonly unit: Unit
  /** As the crow flies; undefined when the place of the case is not known. */
  readonly distanceM: number | undefined
  readonly positionAgeMs: number
}

export const exclusionCodes = [
  'off-duty',
  'out-of-service',
  'busy',
  'declined',
  'missing-capability',
  'no-position',
  'stale-position',
] as const

/** Why a unit is not recommended. */
export interface Exclusion {
  readonly code: (typeof exclusionCodes)[number]
  /** For people, with what it is about: the case it is at, the capability it lacks. */
  readonly text: string
}

export interface Recommendation {
  /** Nearest first; equally near ones with the newest position first. */
  readonly candidates: readonly Candidate[]
  readonly excluded: readonly { readonly unit: Unit; readonly reasons: readonly Exclusion[] }[]
}

export interface RecommendationInput {
  readonly units: readonly Unit[]
  /** Where help is needed; undefined when nobody knows. */
  readonly at: Position | undefined
  /** What the unit must be able to do. */
  readonly needs: readonly string[]
  /** Every open assignment. */
  readonly open: readonly Assignment[]
  /** All assignments of this case. */
  readonly ofCase: readonly Assignment[]
  readonly nowMs: number
  /** A position older than this says nothing of where the unit is. */
  readonly positionAgeMsMax: number
}

/**
 * Which units to send, and why not the others. Every reason that speaks against a unit is told, not only the first:
 * whoever mends one wants to know what is left.
 */
export function recommendUnits(input: RecommendationInput): Recommendation {
  const candidates: Candidate[] = []
  const excluded: { unit: Unit; reasons: Exclusion[] }[] = []
  const openByUnit = new Map(input.open.map((assignment) => [assignment.unitId, assignment]))
  const declinedBy = new Map(
    input.ofCase.filter(({ state }) => state === 'declined').map((assignment) => [assignment.unitId, assignment]),
  )
  for (const unit of input.units) {
    const reasons = listReasons(unit, { ...input, open: openByUnit.get(unit.id), declined: declinedBy.get(unit.id) })
    if (reasons.length > 0) excluded.push({ unit, reasons })
    else {
      candidates.push({
        unit,
        distanceM: input.at && distanceM({ from: unit.position!, to: input.at }),
        positionAgeMs: positionAgeMs(unit, input.nowMs)!,
      })
    }
  }
  return { candidates: candidates.sort(byNearness), excluded }
}

function listReasons(
  unit: Unit,
  context: Omit<RecommendationInput, 'open' | 'ofCase' | 'units'> & {
    readonly open: Assignment | undefined
    readonly declined: Assignment | undefined
  },
): Exclusion[] {
  const { open, declined, needs, nowMs, positionAgeMsMax } = context
  const reasons: Exclusion[] = []
  if (unit.state === 'off-duty') reasons.push({ code: 'off-duty', text: 'is off duty' })
  if (unit.state === 'out-of-service') reasons.push({ code: 'out-of-service', text: 'is out of service' })
  if (open !== undefined && isOpenAssignment(open)) {
    reasons.push({ code: 'busy', text: `is ${stateWords[unit.state] ?? unit.state} for ${nameCase(open)}` })
  }
  if (declined !== undefined) {
    const why = declined.reason === undefined ? '' : `: ${declined.reason}`
    reasons.push({ code: 'declined', text: `declined this case${why}` })
  }
  const lacking = needs.filter((need) => !unit.capabilities.includes(need))
  if (lacking.length > 0) reasons.push({ code: 'missing-capability', text: `lacks ${lacking.join(', ')}` })
  const ageMs = positionAgeMs(unit, nowMs)
  if (ageMs === undefined) reasons.push({ code: 'no-position', text: 'has not said where it is' })
  else if (ageMs > positionAgeMsMax) {
    reasons.push({ code: 'stale-position', text: `was last heard from ${describeAge(ageMs)} ago` })
  }
  return reasons
}

const stateWords: Partial<Record<Unit['state'], string>> = {
  'en-route': 'on the way',
  'on-scene': 'on the scene',
}

export function nameCase({ caseType, caseId }: CaseRef): string {
  return `${caseType === 'sos' ? 'SOS' : 'incident'} ${caseId}`
}

/** A clock that runs ahead does not make a position younger than new. */
function positionAgeMs({ position, positionAtMs }: Unit, nowMs: number): number | undefined {
  return position === undefined || positionAtMs === undefined ? undefined : Math.max(0, nowMs - positionAtMs)
}

/** To the minute above two of them: nobody needs to know that it was 1 h 3 min 17 s. */
function describeAge(ageMs: number): string {
  const seconds = Math.round(ageMs / 1000)
  return describeDuration(seconds < 120 ? seconds : Math.floor(seconds / 60) * 60)
}

function byNearness(a: Candidate, b: Candidate): number {
  if (a.distanceM !== undefined && b.distanceM !== undefined && a.distanceM !== b.distanceM) {
    return a.distanceM - b.distanceM
  }
  return a.positionAgeMs - b.positionAgeMs || (a.unit.unitNumber < b.unit.unitNumber ? -1 : 1)
}
