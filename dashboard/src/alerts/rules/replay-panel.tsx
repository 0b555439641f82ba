import { useState } from 'react'
import type { AlertRuleInput } from '../../../../contracts/alert.ts'
import { areaSource } from '../../../../contracts/rule-condition.ts'
import type { ReplayedAlert, RuleReplay } from '../../../../contracts/rule-replay.ts'
import { request } from '../../http/client.ts'
import { toError } from '../../http/http-error.ts'
import { formatCount, formatTime } from '../../ui/format.ts'
import { duration } from './describe-rule.ts'

const periods = [
  { hours: 6, label: '6 hours' },
  { hours: 24, label: '24 hours' },
  { hours: 24 * 7, label: '7 days' },
  { hours: 24 * 30, label: '30 days' },
] as const
const rowsMax = 20

type Outcome = Omit<RuleReplay, 'replayedToMs'> & {
  readonly fromMs: number
  readonly toMs: number
  readonly isLower: boolean
}

/** Tries a rule on what was stored and shows when it would have had alerts open, device by device. */
export function ReplayPanel({ input, problem }: { input: AlertRuleInput | undefined; problem: string | undefined }) {
  const [hours, setHours] = useState(24)
  const [isBusy, setBusy] = useState(false)
  const [failure, setFailure] = useState<string>()
  const [outcome, setOutcome] = useState<Outcome & { readonly of: string }>()
  const of = JSON.stringify(input?.condition)

  async function replay(): Promise<void> {
    setBusy(true)
    setFailure(undefined)
    const toMs = Date.now()
    const fromMs = toMs - hours * 3_600_000
    const period = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() }
    try {
      const answer = await request<RuleReplay & { readonly replayedTo: string }>('/api/alert-rules/test', {
        method: 'POST',
        body: { ...period, rule: input },
      })
      setOutcome({
        ...answer,
        of,
        isLower: isLower(input),
        fromMs,
        toMs: answer.isCutShort ? Date.parse(answer.replayedTo) : toMs,
      })
    } catch (thrown) {
      setFailure(toError(thrown).message)
    }
    setBusy(false)
  }

  return (
    <section className="replay" aria-label="Try it on the past">
      <h3>Try it on the past</h3>
      <div className="row wrap">
        <label>
          <span className="unseen">Period</span>
          <select value={hours} onChange={(event) => setHours(Number(event.target.value))}>
            {periods.map((period) => (
              <option key={period.hours} value={period.hours}>
                The last {period.label}
              </option>
            ))}
          </select>
        </label>
        <button type="button" disabled={isBusy || input === undefined} onClick={() => void replay()}>
          {isBusy ? 'Reading …' : 'Replay'}
        </button>
        {input === undefined && <span className="muted">{problem}</span>}
      </div>
      <p className="problem" role="alert">
        {failure}
      </p>
      {outcome !== undefined && (
        <div className={outcome.of === of ? undefined : 'is-outdated'}>
          {outcome.of !== of && <p className="muted">Of the rule before you changed it.</p>}
          <Timeline outcome={outcome} />
        </div>
      )}
    </section>
  )
}

function Timeline({ outcome }: { outcome: Outcome }) {
  const { alerts, alertCount, deviceCount, readingCount, fromMs, toMs } = outcome
  const byDevice = new Map<string, ReplayedAlert[]>()
  for (const alert of alerts) byDevice.set(alert.deviceId, [...(byDevice.get(alert.deviceId) ?? []), alert])
  const rows = [...byDevice].sort(([, a], [, b]) => b.length - a.length)
  return (
    <>
      <p aria-live="polite">
        <strong>
          {alertCount === 0 ? 'No alert' : `${formatCount(alertCount)} ${alertCount === 1 ? 'alert' : 'alerts'}`}
        </strong>{' '}
        would have been raised; {formatCount(deviceCount)} {deviceCount === 1 ? 'device' : 'devices'} had readings
        {readingCount > 0 && ` (${formatCount(readingCount)})`}.
        {outcome.isCutShort && ` There was too much to read: it was replayed up to ${formatTime(toMs, Date.now())}.`}
      </p>
      <ol className="plain timeline">
        {rows.slice(0, rowsMax).map(([deviceId, own]) => (
          <li key={deviceId}>
            <span className="timeline-name">{deviceId === areaSource ? 'the area' : deviceId}</span>
            <svg viewBox="0 0 1000 16" preserveAspectRatio="none" aria-hidden="true" focusable="false">
              <rect className="timeline-ground" width="1000" height="16" />
              {own.map(({ raisedAtMs, clearedAtMs = toMs, severity }) => {
                const at = ((raisedAtMs - fromMs) / (toMs - fromMs)) * 1000
                // Short ones are seen, too.
                const width = Math.max(3, ((clearedAtMs - raisedAtMs) / (toMs - fromMs)) * 1000)
                return (
                  <rect
                    key={raisedAtMs}
                    className={`shape-${severity} timeline-alert`}
                    x={at}
                    width={width}
                    height="16"
                  />
                )
              })}
            </svg>
            <span className="muted">{describeOwn(own, outcome)}</span>
          </li>
        ))}
      </ol>
      {rows.length > 0 && (
        <p className="timeline-ends muted">
          <span>{formatTime(fromMs, Date.now())}</span>
          <span>{formatTime(toMs, Date.now())}</span>
        </p>
      )}
      {rows.length > rowsMax && <p className="muted">and {formatCount(rows.length - rowsMax)} devices more</p>}
    </>
  )
}

/** A value that is too low is the worse, the lower it is. */
function isLower(input: AlertRuleInput | undefined): boolean {
  const condition = input?.condition
  return condition?.type === 'below' || (condition?.type === 'area-mean' && condition.direction === 'below')
}

function describeOwn(own: readonly ReplayedAlert[], { toMs, isLower: lower }: Outcome): string {
  const openMs = own.reduce((sum, { raisedAtMs, clearedAtMs = toMs }) => sum + clearedAtMs - raisedAtMs, 0)
  const peaks = own.flatMap(({ peak }) => (peak === undefined ? [] : [peak]))
  const peak =
    peaks.length === 0
      ? ''
      : `, ${lower ? 'down' : 'up'} to ${Math.round((lower ? Math.min(...peaks) : Math.max(...peaks)) * 100) / 100}`
  return `${own.length} × · ${duration(openMs / 1000)} in all${peak}`
}
