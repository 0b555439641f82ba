import { useMemo, useRef } from 'react'
import type { Alert } from '../../../contracts/alert.ts'
import { kinds } from '../../../contracts/kinds/index.ts'
import { type Severity, severities } from '../../../contracts/severity.ts'
import { request } from '../http/client.ts'
import { useLiveAlerts } from '../live/use-live.ts'
import { Link } from '../routing/link.tsx'
import { paths, useQueryParameter } from '../routing/router.ts'
import { useMay } from '../session/permissions.ts'
import { formatCount } from '../ui/format.ts'
import { marks } from '../ui/shapes.ts'
import { useShortcuts } from '../ui/shortcuts.ts'
import { Empty, Failed, Loading } from '../ui/states.tsx'
import { type Page, usePages } from '../ui/use-pages.ts'
import { useAlertActions } from './alert-actions.ts'
import { AlertDetails } from './alert-details.tsx'
import { groupAlerts, mergeAlerts, passesFilter } from './alert-order.ts'
import { AlertRow } from './alert-row.tsx'
import { StormRow } from './storm-row.tsx'

const stateChoices = [
  { value: 'open', label: 'Open', query: 'firing,acknowledged' },
  { value: 'resolved', label: 'Resolved', query: 'resolved' },
  { value: 'all', label: 'All', query: undefined },
] as const

/** What is wrong in the city, the gravest first, and what is being done about it. */
export function AlertsPage() {
  const [stateWish, setState] = useQueryParameter('state')
  const [severity, setSeverity] = useQueryParameter('severity')
  const [kind, setKind] = useQueryParameter('kind')
  const [selectedId, select] = useQueryParameter('id')
  const choice = stateChoices.find(({ value }) => value === stateWish) ?? stateChoices[0]
  const stored = usePages<Alert>(`${choice.value} ${severity} ${kind}`, (cursor) =>
    request<Page<Alert>>('/api/alerts', {
      query: { state: choice.query, severity: severitiesFrom(severity), kind, cursor, limit: 100 },
    }),
  )
  const live = useLiveAlerts()
  const alerts = useMemo(
    () =>
      mergeAlerts(stored.items ?? [], live).filter((alert) =>
        passesFilter(alert, { state: choice.value, severity, kind }),
      ),
    [stored.items, live, choice, severity, kind],
  )
  const actions = useAlertActions()
  const mayAct = useMay('alerts.act')
  const mayReadRules = useMay('rules.read')
  const comment = useRef<HTMLTextAreaElement>(null)
  const at = alerts.findIndex(({ id }) => id === selectedId)

  function step(by: number): void {
    const next = alerts[Math.min(alerts.length - 1, Math.max(0, at + by))]
    if (next === undefined) return
    select(next.id)
    document.getElementById(`alert-${next.id}`)?.scrollIntoView({ block: 'nearest' })
  }

  function act(action: 'acknowledge' | 'resolve' | 'assign'): void {
    const alert = alerts[at]
    if (alert !== undefined) void actions.act(alert.id, action)
  }

  const actionShortcuts: readonly [string, string, () => void][] = [
    ['a', 'Acknowledge the chosen alert', () => act('acknowledge')],
    ['r', 'Resolve it', () => act('resolve')],
    ['c', 'Comment on it', () => comment.current?.focus()],
    ['i', 'Assign it to yourself', () => act('assign')],
  ]
  useShortcuts('This page', [
    ['j', 'Next alert', () => step(1)],
    ['k', 'Previous alert', () => step(at === -1 ? 1 : -1)],
    ...(mayAct ? actionShortcuts : []),
    ['Escape', 'Choose none', () => select('')],
  ])

  return (
    <div className="page">
      <header className="page-head">
        <h1>Alerts</h1>
        {mayReadRules && <Link to={paths.alertRules}>Rules</Link>}
        <p className="muted">{stored.items && `${formatCount(alerts.length)}${stored.hasMore ? ' or more' : ''}`}</p>
      </header>
      <search className="filters">
        <fieldset className="choice">
          <legend className="unseen">State</legend>
          {stateChoices.map(({ value, label }) => (
            <button key={value} type="button" aria-pressed={choice.value === value} onClick={() => setState(value)}>
              {label}
            </button>
          ))}
        </fieldset>
        <label>
          <span className="unseen">Severity</span>
          <select value={severity} onChange={(event) => setSeverity(event.target.value)}>
            <option value="">Any severity</option>
            {severities.toReversed().map((name) => (
              <option key={name} value={name}>
                {marks[name].label} {name === 'critical' ? 'only' : 'and above'}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span className="unseen">Kind of reading</span>
          <select value={kind} onChange={(event) => setKind(event.target.value)}>
            <option value="">All kinds</option>
            {kinds.map(({ id, label }) => (
              <option key={id} value={id}>
                {label}
              </option>
            ))}
          </select>
        </label>
      </search>
      {stored.error !== undefined && <Failed what="the alerts" error={stored.error} onRetry={stored.reload} />}
      {stored.items === undefined && stored.loading && alerts.length === 0 && <Loading what="the alerts" />}
      {stored.items !== undefined && alerts.length === 0 && (
        <Empty title={choice.value === 'open' ? 'Nothing is wrong.' : 'No alerts.'}>
          {severity !== '' || kind !== '' ? 'With this filter.' : ''}
        </Empty>
      )}
      <div className="alerts-grid" data-chosen={selectedId !== ''}>
        <div>
          <ul className="plain alert-list live-data" aria-label="Alerts">
            {groupAlerts(alerts).map((group) => {
              const rows = group.map((alert) => (
                <AlertRow
                  key={alert.id}
                  alert={alert}
                  isChosen={alert.id === selectedId}
                  attempt={actions.attemptOn(alert.id)}
                  onChoose={select}
                />
              ))
              if (group.length === 1) return rows
              const hasChosen = group.some(({ id }) => id === selectedId)
              return (
                <StormRow key={group[0]!.stormId} members={group} hasChosen={hasChosen}>
                  {rows}
                </StormRow>
              )
            })}
          </ul>
          {stored.hasMore && (
            <button type="button" className="more" disabled={stored.loading} onClick={stored.loadMore}>
              {stored.loading ? 'Loading …' : 'Show earlier alerts'}
            </button>
          )}
        </div>
        {selectedId !== '' && (
          <AlertDetails
            key={selectedId}
            id={selectedId}
            known={alerts[at]}
            actions={actions}
            mayAct={mayAct}
            commentField={comment}
            onClose={() => select('')}
          />
        )}
      </div>
    </div>
  )
}

/** `high` asks for high and critical. */
function severitiesFrom(least: string): string | undefined {
  const at = severities.indexOf(least as Severity)
  return at === -1 ? undefined : severities.slice(at).join(',')
}
