import { useState } from 'react'
import { type Assignment, isOpenAssignment, type Unit } from '../../../contracts/dispatch.ts'
import { isOpenSos, type SosRecord } from '../../../contracts/sos.ts'
import { assignmentWords, isUnanswered, unitKindWords } from '../dispatch/unit-words.ts'
import { type Doing, post, useDoing } from '../dispatch/use-dispatch.ts'
import { request } from '../http/client.ts'
import { useMay } from '../session/permissions.ts'
import { Confirm } from '../ui/dialog.tsx'
import { formatAge } from '../ui/format.ts'
import { useShortcuts } from '../ui/shortcuts.ts'
import { Failed, Loading } from '../ui/states.tsx'
import { Age } from '../ui/time.tsx'
import { formatDistance } from './sos-words.ts'
import { type CaseUnits as Answer, casePath, type Recommendation, type SosDetail, useCaseQuery } from './use-sos.ts'

/** As many as there are keys for. */
const offeredMax = 9

/** Who was sent and what they answer, who can be sent with one key, and why the others cannot. */
export function CaseUnits({ sos, known }: { sos: SosDetail; known: SosRecord | undefined }) {
  const maySend = useMay('dispatch.assign')
  // The feed knows first that it is over; a closed case is recommended nobody.
  const isOpen = known !== undefined && isOpenSos(sos)
  const asks = maySend && isOpen
  const query = useCaseQuery<Answer>(
    `${sos.id} ${asks}`,
    async (signal) => {
      const [assignments, recommendation] = await Promise.all([
        request<{ items: readonly Assignment[] }>(`${casePath(sos.id)}/assignments`, { signal }),
        asks ? request<Recommendation>(`${casePath(sos.id)}/recommendation`, { signal }) : undefined,
      ])
      return { assignments: assignments.items, recommendation }
    },
    { version: known?.updatedAtMs ?? 0, isWatched: isOpen },
  )
  const doing = useDoing(query.reload)
  return (
    <section className="card" aria-labelledby="case-units">
      <h3 id="case-units">Units</h3>
      {query.error !== undefined && <Failed what="the units" error={query.error} onRetry={query.reload} />}
      {query.data === undefined && query.error === undefined && <Loading what="the units" />}
      <p className="problem" role="alert">
        {doing.problem}
      </p>
      {query.data !== undefined && <Sent assignments={query.data.assignments} doing={doing} maySend={maySend} />}
      {query.data?.recommendation !== undefined && (
        <Offered recommendation={query.data.recommendation} sosId={sos.id} doing={doing} />
      )}
    </section>
  )
}

interface SentProps {
  readonly assignments: readonly Assignment[]
  readonly doing: Doing
  readonly maySend: boolean
}

function Sent({ assignments, doing, maySend }: SentProps) {
  const [asked, setAsked] = useState<Assignment>()
  if (assignments.length === 0) return <p className="muted">No unit was sent yet.</p>
  return (
    <>
      <ul className="plain lines" aria-label="Units that were sent">
        {assignments.map((assignment) => (
          <li key={assignment.id} className="sos-unit">
            <span className="grow">
              <strong>{assignment.unitNumber}</strong> {assignmentWords[assignment.state]}{' '}
              <span className="muted">
                sent <Age atMs={assignment.assignedAtMs} />
              </span>
              {isUnanswered(assignment) && <span className="unit-late"> · no answer yet</span>}
              {assignment.reason !== undefined && <span className="muted"> · {assignment.reason}</span>}
            </span>
            {maySend && isOpenAssignment(assignment) && (
              <button type="button" disabled={doing.isBusy} onClick={() => setAsked(assignment)}>
                Take away …
              </button>
            )}
          </li>
        ))}
      </ul>
      {asked !== undefined && (
        <Confirm
          title={`Take ${asked.unitNumber} away?`}
          action="Take it away"
          onClose={() => setAsked(undefined)}
          onConfirm={() => void doing.run(() => post(`/api/assignments/${asked.id}/release`))}
        >
          <p>The case waits again when it has no other unit. This one can be sent elsewhere.</p>
        </Confirm>
      )}
    </>
  )
}

interface OfferedProps {
  readonly recommendation: Recommendation
  readonly sosId: string
  readonly doing: Doing
}

function Offered({ recommendation: { candidates, excluded }, sosId, doing }: OfferedProps) {
  const offered = candidates.slice(0, offeredMax)
  const send = (unit: Unit) => {
    if (!doing.isBusy) void doing.run(() => post(`${casePath(sosId)}/assign`, { unitId: unit.id }))
  }
  useShortcuts(
    'Send a unit',
    offered.map(({ unit }, index): [string, string, () => void] => [
      String(index + 1),
      `Send ${unit.unitNumber}`,
      () => send(unit),
    ]),
  )
  return (
    <>
      {offered.length === 0 && (
        <p>
          <strong>No unit can be sent now.</strong>
        </p>
      )}
      {offered.length > 0 && (
        <ol className="plain lines" aria-label="Units that can be sent, nearest first">
          {offered.map(({ unit, distanceM, positionAgeS }, index) => (
            <li key={unit.id} className="sos-unit">
              <span className="grow">
                <UnitName unit={unit} />{' '}
                <span className="muted">
                  {distanceM === undefined
                    ? 'distance not known'
                    : `${formatDistance(distanceM)} · place ${formatAge(positionAgeS * 1000)} old`}
                </span>
              </span>
              <button
                type="button"
                className={index === 0 ? 'primary' : undefined}
                disabled={doing.isBusy}
                onClick={() => send(unit)}
              >
                Send {unit.unitNumber} <kbd>{index + 1}</kbd>
              </button>
            </li>
          ))}
        </ol>
      )}
      {candidates.length > offeredMax && (
        <p className="muted">{candidates.length - offeredMax} more that are farther away.</p>
      )}
      {excluded.length > 0 && (
        <details>
          <summary>{excluded.length} that cannot be sent, and why</summary>
          <ul className="plain lines">
            {excluded.map(({ unit, reasons }) => (
              <li key={unit.id}>
                <UnitName unit={unit} /> <span className="muted">{reasons.map(({ text }) => text).join('; ')}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  )
}

function UnitName({ unit }: { unit: Unit }) {
  return (
    <>
      <strong>{unit.unitNumber}</strong> {unitKindWords[unit.kind]}
      {unit.capabilities.length > 0 && <span className="muted"> · {unit.capabilities.join(', ')}</span>}
    </>
  )
}
