import { useState } from 'react'
import type { AlertRule } from '../../../../contracts/alert.ts'
import { request } from '../../http/client.ts'
import { toError } from '../../http/http-error.ts'
import { useQuery } from '../../http/use-query.ts'
import { Link } from '../../routing/link.tsx'
import { paths, useQueryParameter } from '../../routing/router.ts'
import { useMay } from '../../session/permissions.ts'
import { formatCount } from '../../ui/format.ts'
import { Mark } from '../../ui/mark.tsx'
import { Empty, Failed, Loading } from '../../ui/states.tsx'
import { describeRule } from './describe-rule.ts'
import { RuleEditor } from './rule-editor.tsx'

const isNew = 'new'

/** Every rule in words; one of them opens beside the list. */
export function RulesPage() {
  const [chosenId, choose] = useQueryParameter('id')
  const [problem, setProblem] = useState<string>()
  const mayManage = useMay('rules.manage')
  const rules = useQuery('rules', (signal) =>
    request<{ readonly items: readonly AlertRule[] }>('/api/alert-rules', { signal }),
  )
  const items = rules.data?.items
  const chosen = items?.find(({ id }) => id === chosenId)

  async function switchRule({ id, enabled }: AlertRule): Promise<void> {
    setProblem(undefined)
    try {
      await request(`/api/alert-rules/${encodeURIComponent(id)}`, { method: 'PATCH', body: { enabled: !enabled } })
    } catch (thrown) {
      setProblem(toError(thrown).message)
    }
    rules.reload()
  }

  return (
    <div className="page">
      <header className="page-head">
        <h1>Alert rules</h1>
        <p className="muted">{items && formatCount(items.length)}</p>
      </header>
      <div className="row wrap">
        <Link to={paths.alerts}>Back to the alerts</Link>
        {mayManage && (
          <button type="button" className="primary" onClick={() => choose(isNew)}>
            New rule
          </button>
        )}
      </div>
      <p className="problem" role="alert">
        {problem}
      </p>
      {rules.error !== undefined && <Failed what="the rules" error={rules.error} onRetry={rules.reload} />}
      {items === undefined && rules.loading && <Loading what="the rules" />}
      {items?.length === 0 && <Empty title="No rules." />}
      <div className="split-grid" data-chosen={chosenId !== ''}>
        <ul className="plain alert-list" aria-label="Rules">
          {items?.map((rule) => (
            <li key={rule.id} className="rule-row" data-enabled={rule.enabled}>
              <button
                type="button"
                className="alert-row"
                aria-pressed={rule.id === chosenId}
                onClick={() => choose(rule.id)}
              >
                <Mark name={rule.severity} />
                <span className="alert-text">
                  <strong>{rule.name}</strong>
                  <span className="muted">{describeRule(rule)}</span>
                </span>
                <span className="alert-when muted">{rule.enabled ? 'on' : 'off'}</span>
              </button>
              {mayManage && (
                <button
                  type="button"
                  className="quiet"
                  aria-label={`Switch ${rule.enabled ? 'off' : 'on'} ${rule.name}`}
                  onClick={() => void switchRule(rule)}
                >
                  {rule.enabled ? 'Switch off' : 'Switch on'}
                </button>
              )}
            </li>
          ))}
        </ul>
        {items !== undefined && (chosen !== undefined || chosenId === isNew) && (
          <RuleEditor
            key={chosenId}
            rule={chosen}
            others={items}
            mayManage={mayManage}
            onDone={() => {
              choose('')
              rules.reload()
            }}
          />
        )}
      </div>
    </div>
  )
}
