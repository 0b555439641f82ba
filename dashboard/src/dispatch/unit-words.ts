import type { Assignment, AssignmentState, CaseRef, Unit, UnitKind, UnitState } from '../../../contracts/dispatch.ts'

export const unitStateWords: Readonly<Record<UnitState, string>> = {
  available: 'Available',
  committed: 'Committed',
  'en-route': 'On the way',
  'on-scene': 'On the scene',
  returning: 'Returning',
  'off-duty': 'Off duty',
  'out-of-service': 'Out of service',
}

export const unitKindWords: Readonly<Record<UnitKind, string>> = {
  officer: 'Officer',
  patrol: 'Patrol',
  ambulance: 'Ambulance',
  fire: 'Fire',
  other: 'Other',
}

export const assignmentWords: Readonly<Record<AssignmentState, string>> = {
  assigned: 'assigned',
  confirmed: 'confirmed',
  declined: 'declined',
  'en-route': 'on the way',
  'on-scene': 'on the scene',
  completed: 'finished',
  released: 'released',
}

/** Older than this, a position says little; the same that a recommendation goes by. */
export const positionAgeMsMax = 10 * 60_000

export const boardFilters = [
  { value: '', label: 'All', states: undefined },
  { value: 'available', label: 'Available', states: ['available'] },
  { value: 'busy', label: 'On a case', states: ['committed', 'en-route', 'on-scene'] },
  { value: 'returning', label: 'Returning', states: ['returning'] },
  { value: 'away', label: 'Not there', states: ['off-duty', 'out-of-service'] },
] as const satisfies readonly { value: string; label: string; states: readonly UnitState[] | undefined }[]

export function isShown(unit: Unit, filter: string): boolean {
  const states: readonly UnitState[] | undefined = boardFilters.find(({ value }) => value === filter)?.states
  return states?.includes(unit.state) ?? true
}

/** What needs somebody's eye first: nobody answered, then what is going on, then who can be sent, then the rest. */
const order: readonly UnitState[] = [
  'committed',
  'en-route',
  'on-scene',
  'available',
  'returning',
  'out-of-service',
  'off-duty',
]

export interface BoardLine {
  readonly unit: Unit
  readonly assignment: Assignment | undefined
}

export function toBoard(units: readonly Unit[], open: readonly Assignment[]): readonly BoardLine[] {
  const byUnit = new Map(open.map((assignment) => [assignment.unitId, assignment]))
  const rank = ({ unit, assignment }: BoardLine) => (isUnanswered(assignment) ? -1 : order.indexOf(unit.state))
  return units
    .map((unit) => ({ unit, assignment: byUnit.get(unit.id) }))
    .sort((a, b) => rank(a) - rank(b) || a.unit.unitNumber.localeCompare(b.unit.unitNumber, 'en', { numeric: true }))
}

/** The time to answer is over, and nobody has. */
export function isUnanswered(assignment: Assignment | undefined): boolean {
  return assignment?.state === 'assigned' && assignment.unansweredAtMs !== undefined
}

/** Ids are long, and their ends tell them apart. */
export function shortCaseName({ caseType, caseId }: CaseRef): string {
  return `${caseType === 'sos' ? 'SOS' : 'Incident'} …${caseId.slice(-6)}`
}

/** As people type them: `First aid, ladder` is `first-aid` and `ladder`. */
export function splitCapabilities(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim().toLowerCase().replaceAll(/\s+/g, '-'))
    .filter((part) => part !== '')
}
