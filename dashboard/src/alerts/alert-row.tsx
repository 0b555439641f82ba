import type { Alert } from '../../../contracts/alert.ts'
import { areaSource } from '../../../contracts/rule-condition.ts'
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
        data-quiet={isQuiet(alert)}
        aria-pressed={isChosen}
        onClick={() => onChoose(alert.id)}
      >
        <Mark name={alert.severity} />
        <span className="alert-text">
          <strong>{alert.message}</strong>
          <span className="muted">
            {alert.deviceId === areaSource ? alert.ruleName : (device?.name ?? alert.deviceId)}{' '}
            {device?.simulated && <SimulatedTag />}
          </span>
        </span>
        <span className="alert-when muted">
          <AlertState alert={alert} attempt={attempt} />
          <QuietNote alert={alert} />
          <Age atMs={alert.raisedAtMs} />
          {alert.assignedTo && <span>with {nameOf(alert.assignedTo)}</span>}
        </span>
      </button>
    </li>
  )
}

export function isQuiet({ silenceId, inhibitedBy }: Alert): boolean {
  return silenceId !== undefined || inhibitedBy !== undefined
}

/** Why nobody is called for it, or that it was told again. */
export function QuietNote({ alert }: { alert: Alert }) {
  if (alert.silenceId !== undefined) return <span className="quiet-note">silenced</span>
  if (alert.inhibitedBy !== undefined) return <span className="quiet-note">inhibited</span>
  if (alert.escalatedAtMs !== undefined && alert.state === 'firing') {
    return <strong className="tint-critical">escalated</strong>
  }
  return null
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
