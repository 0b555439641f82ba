import type { Alert } from '../../../contracts/alert.ts'
import { useLiveDevice } from '../live/use-live.ts'
import { useNameOfUser } from '../session/use-name-of-user.ts'
import { Mark } from '../ui/mark.tsx'
import { SimulatedTag } from '../ui/tags.tsx'
import { Age } from '../ui/time.tsx'
import { type Attempt, sendingWords } from './alert-actions.ts'

interface AlertRowProps {
  readonly alert: Alert
  readonly isChosen: boolean
  readonly attempt: Attempt | undefined
  readonly onChoose: (id: string) => void
}

export function AlertRow({ alert, isChosen, attempt, onChoose }: AlertRowProps) {
  const device = useLiveDevice(alert.deviceId)
  const nameOf = useNameOfUser()
  return (
    <li id={`alert-${alert.id}`}>
      <button
        type="button"
        className="alert-row"
        data-state={alert.state}
        aria-pressed={isChosen}
        onClick={() => onChoose(alert.id)}
      >
        <Mark name={alert.severity} />
        <span className="alert-text">
          <strong>{alert.message}</strong>
          <span className="muted">
            {device?.name ?? alert.deviceId} {device?.simulated && <SimulatedTag />}
          </span>
        </span>
        <span className="alert-when muted">
          <AlertState alert={alert} attempt={attempt} />
          <Age atMs={alert.raisedAtMs} />
          {alert.assignedTo && <span>with {nameOf(alert.assignedTo)}</span>}
        </span>
      </button>
    </li>
  )
}

/** The state the server knows, or the one it is being asked for, never one as the other. */
export function AlertState({ alert, attempt }: { alert: Alert; attempt: Attempt | undefined }) {
  if (attempt?.state === 'sending') return <em>{sendingWords[attempt.action]}</em>
  return (
    <span className={`alert-state alert-state-${alert.state}`}>
      {alert.state}
      {attempt?.state === 'failed' && <span className="problem"> · not done</span>}
    </span>
  )
}
