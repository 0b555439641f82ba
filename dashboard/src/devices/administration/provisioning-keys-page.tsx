import { useState } from 'react'
import { request } from '../../http/client.ts'
import { Confirm } from '../../ui/dialog.tsx'
import { formatCount } from '../../ui/format.ts'
import { ShownOnce } from '../../ui/shown-once.tsx'
import { Empty, Failed, Loading } from '../../ui/states.tsx'
import { Age, Time } from '../../ui/time.tsx'
import { useAttempt } from '../../ui/use-attempt.ts'
import { type Page, usePages } from '../../ui/use-pages.ts'
import { CreateKey } from './create-key.tsx'
import { Crumbs } from './crumbs.tsx'
import { keyStateWords, type NewProvisioningKey, type ProvisioningKey } from './provisioning-key.ts'

/** Keys with which devices enrol themselves: how far each is used, and its end. */
export function ProvisioningKeysPage() {
  const keys = usePages<ProvisioningKey>('keys', (cursor) =>
    request<Page<ProvisioningKey>>('/api/provisioning-keys', { query: { cursor } }),
  )
  const [creates, setCreates] = useState(false)
  const [made, setMade] = useState<NewProvisioningKey>()
  const [asked, setAsked] = useState<ProvisioningKey>()
  const attempt = useAttempt()

  async function revoke({ id }: ProvisioningKey): Promise<void> {
    await attempt.run(() => request(`/api/provisioning-keys/${encodeURIComponent(id)}/revoke`, { method: 'POST' }))
    keys.reload()
  }

  return (
    <div className="page">
      <Crumbs here="Provisioning keys" />
      <header className="page-head">
        <h1>Provisioning keys</h1>
        <button type="button" className="head-end" onClick={() => setCreates(true)}>
          Create a key
        </button>
      </header>
      <p className="muted prose">
        A device without a secret connects as <code>enrol</code> with such a key as password, and is given a secret of
        its own, where the server lets devices enrol by key (<code>PRAHARI_DEVICE_ENROLMENT</code>). Each device that
        enrols with it counts against its quota.
      </p>
      {made !== undefined && (
        <ShownOnce
          title={`Key “${made.provisioningKey.name}”`}
          what="the key"
          value={made.key}
          onDone={() => setMade(undefined)}
        >
          <p>
            Whoever has it may enrol {formatCount(made.provisioningKey.quota)}{' '}
            {made.provisioningKey.quota === 1 ? 'device' : 'devices'}.
          </p>
        </ShownOnce>
      )}
      <p className="problem" role="alert">
        {attempt.problem}
      </p>
      {keys.error !== undefined && <Failed what="the keys" error={keys.error} onRetry={keys.reload} />}
      {keys.items === undefined && keys.loading && <Loading what="the keys" />}
      {keys.items?.length === 0 && (
        <Empty title="There is no provisioning key.">Without one, devices are registered by hand or from a file.</Empty>
      )}
      {keys.items !== undefined && keys.items.length > 0 && (
        <KeyTable keys={keys.items} isBusy={attempt.busy} onRevoke={setAsked} />
      )}
      {keys.hasMore && (
        <button type="button" className="more" disabled={keys.loading} onClick={keys.loadMore}>
          {keys.loading ? 'Loading …' : 'Show older keys'}
        </button>
      )}
      {creates && (
        <CreateKey
          onClose={() => setCreates(false)}
          onCreated={(created) => {
            setCreates(false)
            setMade(created)
            keys.reload()
          }}
        />
      )}
      {asked !== undefined && (
        <Confirm
          title={`Revoke “${asked.name}”?`}
          action="Revoke"
          keep="Keep it"
          onClose={() => setAsked(undefined)}
          onConfirm={() => void revoke(asked)}
        >
          <p>No device can enrol with it any more, for good. The devices it has enrolled keep their secrets.</p>
        </Confirm>
      )}
    </div>
  )
}

interface KeyTableProps {
  readonly keys: readonly ProvisioningKey[]
  readonly isBusy: boolean
  readonly onRevoke: (key: ProvisioningKey) => void
}

function KeyTable({ keys, isBusy, onRevoke }: KeyTableProps) {
  return (
    <div className="table-frame">
      <table className="stacking">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">State</th>
            <th scope="col">Used</th>
            <th scope="col">Ends</th>
            <th scope="col">Created</th>
            <th scope="col">
              <span className="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <tr key={key.id}>
              <th scope="row">{key.name}</th>
              <td>
                <span className={key.state === 'open' ? 'tint-ok' : 'muted'}>{keyStateWords[key.state]}</span>
              </td>
              <td className="nowrap">
                <meter className="quota" max={key.quota} value={key.usedCount} aria-label={`Used of ${key.name}`} />{' '}
                <span className="number">
                  {formatCount(key.usedCount)} of {formatCount(key.quota)}
                </span>
              </td>
              <td className="nowrap">
                <span className="only-stacked">ends </span>
                {key.expiresAtMs === undefined ? <span className="muted">never</span> : <Time atMs={key.expiresAtMs} />}
              </td>
              <td className="muted nowrap">
                <span className="only-stacked">created </span>
                <Age atMs={key.createdAtMs} />
              </td>
              <td className="right">
                {(key.state === 'open' || key.state === 'used-up') && (
                  <button
                    type="button"
                    className="danger"
                    aria-label={`Revoke ${key.name}`}
                    disabled={isBusy}
                    onClick={() => onRevoke(key)}
                  >
                    Revoke …
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
