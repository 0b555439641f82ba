import { useState } from 'react'
import { type IdleUnitState, idleUnitStates, type Unit } from '../../../contracts/dispatch.ts'
import { useQueryParameter } from '../routing/router.ts'
import { useMay } from '../session/permissions.ts'
import { useNameOfUser } from '../session/use-name-of-user.ts'
import { useNowMs } from '../ui/clock.ts'
import { Confirm } from '../ui/dialog.tsx'
import { formatCount } from '../ui/format.ts'
import { Empty, Failed, Loading } from '../ui/states.tsx'
import { Age } from '../ui/time.tsx'
import { AddUnitDialog } from './add-unit-dialog.tsx'
import { OwnUnit } from './own-unit.tsx'
import {
  assignmentWords,
  type BoardLine,
  boardFilters,
  isShown,
  isUnanswered,
  positionAgeMsMax,
  shortCaseName,
  toBoard,
  unitKindWords,
  unitStateWords,
} from './unit-words.ts'
import { type Doing, post, useBoard, useDoing } from './use-dispatch.ts'

/** Who can be sent, who has been, and who has not answered. */
export function UnitsPage() {
  const board = useBoard()
  const [filter, setFilter] = useQueryParameter('show')
  const [isAdding, setIsAdding] = useState(false)
  const doing = useDoing(board.reload)
  const mayManage = useMay('units.manage')
  const lines = board.data && toBoard(board.data.units, board.data.open)
  const shown = lines?.filter(({ unit }) => isShown(unit, filter))

  return (
    <div className="page">
      <header className="page-head">
        <h1>Units</h1>
        <p className="muted">{lines && formatCount(lines.length)}</p>
      </header>
      <OwnUnit units={board.data?.units ?? []} onChange={board.reload} />
      {lines !== undefined && (
        <div className="row wrap">
          <fieldset className="choice wrap">
            <legend className="unseen">Which units</legend>
            {boardFilters.map(({ value, label }) => (
              <button key={value} type="button" aria-pressed={filter === value} onClick={() => setFilter(value)}>
                {label}{' '}
                <span className="number">{formatCount(lines.filter(({ unit }) => isShown(unit, value)).length)}</span>
              </button>
            ))}
          </fieldset>
          {mayManage && (
            <button type="button" onClick={() => setIsAdding(true)}>
              Add a unit …
            </button>
          )}
        </div>
      )}
      <p className="problem" role="alert">
        {doing.problem}
      </p>
      {board.error !== undefined && <Failed what="the units" error={board.error} onRetry={board.reload} />}
      {board.data === undefined && board.loading && <Loading what="the units" />}
      {lines?.length === 0 && (
        <Empty title="There are no units yet.">
          {mayManage ? 'Add those who can be sent: officers, patrols, ambulances.' : 'An administrator adds them.'}
        </Empty>
      )}
      {lines !== undefined && lines.length > 0 && shown?.length === 0 && <Empty title="No unit is in this state." />}
      {shown !== undefined && shown.length > 0 && <Board lines={shown} doing={doing} />}
      {isAdding && <AddUnitDialog onAdded={board.reload} onClose={() => setIsAdding(false)} />}
    </div>
  )
}

function Board({ lines, doing }: { lines: readonly BoardLine[]; doing: Doing }) {
  const mayReport = useMay('dispatch.assign')
  return (
    <div className="table-frame">
      <table className="stacking units-table">
        <thead>
          <tr>
            <th scope="col">Unit</th>
            <th scope="col">State</th>
            <th scope="col">Assignment</th>
            <th scope="col">Position</th>
            {mayReport && <th scope="col">Change</th>}
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <UnitRow key={line.unit.id} line={line} doing={doing} mayReport={mayReport} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function UnitRow({ line, doing, mayReport }: { line: BoardLine; doing: Doing; mayReport: boolean }) {
  const { unit, assignment } = line
  return (
    <tr>
      <th scope="row">
        <strong>{unit.unitNumber}</strong>
        <span className="muted">
          {' '}
          {unitKindWords[unit.kind]}
          {unit.name !== unit.unitNumber && ` · ${unit.name}`}
        </span>
        {unit.capabilities.length > 0 && <span className="unit-abilities muted">{unit.capabilities.join(', ')}</span>}
      </th>
      <td className="nowrap">
        <span className="unit-state" data-state={unit.state}>
          {unitStateWords[unit.state]}
        </span>
      </td>
      <td>{assignment === undefined ? <span className="muted">not assigned</span> : <AssignmentLine line={line} />}</td>
      <td className="nowrap">
        <span className="stack-label muted">position </span>
        <PositionAge unit={unit} />
      </td>
      {mayReport && (
        <td>
          {assignment === undefined ? <StateSelect unit={unit} doing={doing} /> : <Release line={line} doing={doing} />}
        </td>
      )}
    </tr>
  )
}

function AssignmentLine({ line: { assignment } }: { line: BoardLine }) {
  const nameOf = useNameOfUser()
  if (assignment === undefined) return null
  const { state, assignedBy, assignedAtMs, answeredBy, answeredAtMs, seenAtMs } = assignment
  const late = isUnanswered(assignment)
  return (
    <div className="unit-assignment">
      <span>
        <strong title={assignment.caseId}>{shortCaseName(assignment)}</strong>, {assignmentWords[state]}
      </span>
      {late && (
        <span className="unit-late">
          No answer yet{seenAtMs === undefined ? '; nobody has looked' : '; somebody has looked'}
        </span>
      )}
      <span className="muted">
        {answeredBy !== undefined && answeredAtMs !== undefined ? (
          <>
            answered by {nameOf(answeredBy)} <Age atMs={answeredAtMs} />
          </>
        ) : (
          <>
            sent by {nameOf(assignedBy)} <Age atMs={assignedAtMs} />
          </>
        )}
      </span>
    </div>
  )
}

function PositionAge({ unit: { positionAtMs } }: { unit: Unit }) {
  const nowMs = useNowMs()
  if (positionAtMs === undefined) return <span className="muted">not known</span>
  const isStale = nowMs - positionAtMs > positionAgeMsMax
  return (
    <span className={isStale ? 'unit-late' : undefined}>
      <Age atMs={positionAtMs} />
      {isStale && ' · too old'}
    </span>
  )
}

function StateSelect({ unit, doing }: { unit: Unit; doing: Doing }) {
  const set = (state: IdleUnitState) => doing.run(() => post(`/api/units/${unit.id}/state`, { state }))
  return (
    <select
      aria-label={`State of ${unit.unitNumber}`}
      value={unit.state}
      disabled={doing.isBusy}
      onChange={(event) => void set(event.target.value as IdleUnitState)}
    >
      {idleUnitStates.map((state) => (
        <option key={state} value={state}>
          {unitStateWords[state]}
        </option>
      ))}
    </select>
  )
}

function Release({ line: { unit, assignment }, doing }: { line: BoardLine; doing: Doing }) {
  const [asks, setAsks] = useState(false)
  if (assignment === undefined) return null
  return (
    <>
      <button type="button" disabled={doing.isBusy} onClick={() => setAsks(true)}>
        Take away …
      </button>
      {asks && (
        <Confirm
          title={`Take ${unit.unitNumber} away?`}
          action="Take it away"
          onClose={() => setAsks(false)}
          onConfirm={() => void doing.run(() => post(`/api/assignments/${assignment.id}/release`))}
        >
          <p>
            {shortCaseName(assignment)} loses this unit, and waits again when it has no other. The unit can be sent
            elsewhere.
          </p>
        </Confirm>
      )}
    </>
  )
}
