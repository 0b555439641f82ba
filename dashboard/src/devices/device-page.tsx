import { useMemo, useState } from 'react'
import type { Alert } from '../../../contracts/alert.ts'
import type { Device, DeviceStatus } from '../../../contracts/device.ts'
import type { LiveDevice } from '../../../contracts/live.ts'
import type { LedgerLine } from '../../../contracts/reading.ts'
import { mergeAlerts } from '../alerts/alert-order.ts'
import { request } from '../http/client.ts'
import { HttpError } from '../http/http-error.ts'
import { useQuery } from '../http/use-query.ts'
import { useFocusedDevice, useLiveAlerts } from '../live/use-live.ts'
import { Link } from '../routing/link.tsx'
import { paths } from '../routing/router.ts'
import { useMay } from '../session/permissions.ts'
import { LedgerFacts } from '../system/ledger-facts.tsx'
import { formatPosition } from '../ui/format.ts'
import { Mark } from '../ui/mark.tsx'
import { markOf } from '../ui/shapes.ts'
import { Empty, Failed, Loading } from '../ui/states.tsx'
import { SimulatedTag } from '../ui/tags.tsx'
import { Age, Time } from '../ui/time.tsx'
import { BoundDevices } from './administration/bound-devices.tsx'
import { DeviceCredentials } from './administration/device-credentials.tsx'
import { DeviceSecret } from './administration/device-secret.tsx'
import { DeviceTies } from './administration/device-ties.tsx'
import { HistoryChart } from './history-chart.tsx'
import { KindCards } from './kind-card.tsx'

interface DeviceFacts extends Device {
  /** Undefined when it has said nothing of itself yet. */
  readonly status: Omit<DeviceStatus, 'deviceId'> | undefined
}

/** One device: what it is, what it says now and said before, what was wrong, where its messages went. */
export function DevicePage({ id }: { id: string }) {
  const facts = useQuery(id, (signal) => request<DeviceFacts>(`/api/devices/${encodeURIComponent(id)}`, { signal }))
  const live = useFocusedDevice(id)
  const mayManage = useMay('devices.manage')
  const [secret, setSecret] = useState<string>()
  if (facts.error instanceof HttpError && facts.error.status === 404) {
    return (
      <Empty title={`There is no device ${id}.`}>
        <Link to={paths.devices}>All devices</Link>
      </Empty>
    )
  }
  if (facts.error !== undefined && facts.data === undefined) {
    return <Failed what="the device" error={facts.error} onRetry={facts.reload} />
  }
  if (facts.data === undefined) return <Loading what="the device" />
  const device = facts.data
  const shown = live ?? neverHeardOf(device)
  const kindIds = [...new Set([...device.kinds, ...Object.keys(shown.latest)])]
  return (
    <div className="page">
      <nav className="crumbs" aria-label="Where you are">
        <Link to={paths.devices}>Devices</Link>
        <span aria-hidden="true"> / </span>
        <span aria-current="page">{device.id}</span>
      </nav>
      <header className="page-head">
        <h1>{device.name}</h1>
        <Mark name={markOf(shown)} />
        {device.simulated && <SimulatedTag />}
        {device.position && (
          <Link className="button" to={`${paths.map}?device=${encodeURIComponent(id)}`}>
            On the map
          </Link>
        )}
      </header>
      {secret !== undefined && <DeviceSecret device={device} secret={secret} onDone={() => setSecret(undefined)} />}
      <div className="device-grid">
        <div className="device-side">
          <div className="live-data">
            <h2 className="unseen">Newest readings</h2>
            <KindCards device={shown} />
          </div>
          <FactsCard device={device} live={shown} />
        </div>
        <div className="device-main">
          <HistoryChart device={shown} kindIds={kindIds} />
          <div className="device-below">
            <DeviceAlerts deviceId={id} />
            <DeviceLedger deviceId={id} />
            <BoundDevices gatewayId={id} />
            {mayManage && <DeviceTies device={device} onChanged={facts.reload} />}
            {mayManage && <DeviceCredentials device={device} onSecret={setSecret} onChanged={facts.reload} />}
          </div>
        </div>
      </div>
    </div>
  )
}

/** A registered device that the feed has nothing of yet. */
function neverHeardOf(device: Device): LiveDevice {
  return {
    id: device.id,
    name: device.name,
    latitude: device.position?.latitude,
    longitude: device.position?.longitude,
    online: false,
    simulated: device.simulated,
    state: 'never-seen',
    severity: undefined,
    latest: {},
  }
}

function FactsCard({ device, live }: { device: DeviceFacts; live: LiveDevice }) {
  const labels = Object.entries(device.labels)
  const { status } = device
  return (
    <section className="card" aria-label="Facts">
      <h2>Facts</h2>
      <dl className="facts">
        <div>
          <dt>Id</dt>
          <dd className="mono">{device.id}</dd>
        </div>
        <div>
          <dt>Connection</dt>
          <dd>{live.online ? 'connected' : 'not connected'}</dd>
        </div>
        <div>
          <dt>Registration</dt>
          <dd>{device.state}</dd>
        </div>
        {status !== undefined && (
          <>
            {status.batteryPct !== undefined && (
              <div>
                <dt>Battery</dt>
                <dd className="number">{Math.round(status.batteryPct)} %</dd>
              </div>
            )}
            {status.firmware !== undefined && (
              <div>
                <dt>Firmware</dt>
                <dd className="mono">{status.firmware}</dd>
              </div>
            )}
            <div>
              <dt>Said so</dt>
              <dd>
                <Age atMs={status.receivedAtMs} />
              </dd>
            </div>
          </>
        )}
        {device.gatewayId && (
          <div>
            <dt>Gateway</dt>
            <dd>
              <Link to={paths.device(device.gatewayId)}>{device.gatewayId}</Link>
            </dd>
          </div>
        )}
        <div>
          <dt>Position</dt>
          <dd className="number">{device.position ? formatPosition(device.position) : sayUnknown(device)}</dd>
        </div>
        {labels.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        <div>
          <dt>Registered</dt>
          <dd>
            <Time atMs={device.createdAtMs} />
          </dd>
        </div>
      </dl>
    </section>
  )
}

/** A person's whereabouts are told to few; whether there is something to tell is not told either. */
function sayUnknown({ isPersonal }: Device): string {
  return isPersonal ? 'not known, or not yours to know' : 'not known'
}

function DeviceAlerts({ deviceId }: { deviceId: string }) {
  const stored = useQuery(deviceId, (signal) =>
    request<{ readonly items: readonly Alert[] }>('/api/alerts', { signal, query: { deviceId, limit: 20 } }),
  )
  const live = useLiveAlerts()
  const alerts = useMemo(
    () => mergeAlerts(stored.data?.items ?? [], live).filter((alert) => alert.deviceId === deviceId),
    [stored.data, live, deviceId],
  )
  return (
    <section className="card" aria-label="Alerts of this device">
      <h2>Alerts</h2>
      {stored.error !== undefined && <Failed what="earlier alerts" error={stored.error} onRetry={stored.reload} />}
      {stored.data !== undefined && alerts.length === 0 && <Empty title="None so far." />}
      <ul className="plain lines">
        {alerts.slice(0, 20).map((alert) => (
          <li key={alert.id}>
            <Mark name={alert.severity} />
            <Link to={paths.alert(alert.id)}>{alert.message}</Link>
            <span className="muted">
              {alert.state} · <Age atMs={alert.raisedAtMs} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function DeviceLedger({ deviceId }: { deviceId: string }) {
  const ledger = useQuery(deviceId, (signal) =>
    request<{ readonly items: readonly LedgerLine[] }>('/api/system/ledger', {
      signal,
      query: { deviceId, limit: 1 },
    }),
  )
  const line = ledger.data?.items[0]
  return (
    <section className="card" aria-label="Ledger">
      <header className="card-head">
        <h2>Ledger</h2>
        <button type="button" className="quiet" onClick={ledger.reload}>
          Read again
        </button>
      </header>
      {ledger.error !== undefined && <Failed what="the ledger" error={ledger.error} onRetry={ledger.reload} />}
      {ledger.data !== undefined && line === undefined && <Empty title="Nothing received yet." />}
      {line !== undefined && (
        <>
          <LedgerFacts totals={line} />
          <p className="muted">
            last received <Age atMs={line.lastReceivedAtMs} />
          </p>
        </>
      )}
    </section>
  )
}
