import { useState } from 'react'
import { useConnection } from '../live/use-live.ts'
import { Link } from '../routing/link.tsx'
import { paths } from '../routing/router.ts'
import { formatCount } from '../ui/format.ts'
import { Mark } from '../ui/mark.tsx'
import { markOf } from '../ui/shapes.ts'
import { Empty, Loading } from '../ui/states.tsx'
import { SimulatedTag } from '../ui/tags.tsx'
import { Age } from '../ui/time.tsx'
import { DeviceTools } from './administration/device-tools.tsx'
import { DeviceFilterBar } from './device-filter-bar.tsx'
import { LatestLine } from './latest-line.tsx'
import { useDeviceRows } from './use-device-rows.ts'

const pageSize = 100

/** Every device there is, worst first, live. */
export function DevicesPage() {
  const { rows, total } = useDeviceRows()
  const { state } = useConnection()
  const [limit, setLimit] = useState(pageSize)
  return (
    <div className="page">
      <header className="page-head">
        <h1>Devices</h1>
        <p className="muted">
          {formatCount(rows.length)} of {formatCount(total)}
        </p>
        <DeviceTools />
      </header>
      <DeviceFilterBar />
      {total === 0 && state === 'connecting' && <Loading what="the devices" />}
      {total === 0 && state !== 'connecting' && (
        <Empty title="No devices yet.">
          Register them through <code>POST /api/devices</code> or <code>prahari devices import</code>.
        </Empty>
      )}
      {total > 0 && rows.length === 0 && <Empty title="No device passes the filter." />}
      {rows.length > 0 && (
        <div className="table-frame live-data">
          <table className="stacking">
            <thead>
              <tr>
                <th scope="col">Device</th>
                <th scope="col">State</th>
                <th scope="col">Latest</th>
                <th scope="col">Read</th>
                <th scope="col">Connection</th>
              </tr>
            </thead>
            <tbody>
              {rows.slice(0, limit).map((device) => (
                <tr key={device.id}>
                  <th scope="row">
                    <Link to={paths.device(device.id)}>{device.name}</Link> {device.simulated && <SimulatedTag />}
                    <div className="muted mono">{device.id}</div>
                  </th>
                  <td>
                    <Mark name={markOf(device)} />
                  </td>
                  <td>
                    <LatestLine device={device} />
                  </td>
                  <td className="muted">{newestAtMs(device.latest) && <Age atMs={newestAtMs(device.latest)!} />}</td>
                  <td className="muted">{device.online ? 'connected' : 'not connected'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {rows.length > limit && (
        <button type="button" className="more" onClick={() => setLimit(limit + pageSize)}>
          Show {Math.min(pageSize, rows.length - limit)} more
        </button>
      )}
    </div>
  )
}

function newestAtMs(latest: Readonly<Record<string, { readonly atMs: number }>>): number | undefined {
  let newest: number | undefined
  for (const { atMs } of Object.values(latest)) newest = Math.max(newest ?? atMs, atMs)
  return newest
}
