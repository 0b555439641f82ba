import { KindCards } from '../devices/kind-card.tsx'
import { useLiveAlerts, useLiveDevice } from '../live/use-live.ts'
import { Link } from '../routing/link.tsx'
import { paths } from '../routing/router.ts'
import { useMay } from '../session/permissions.ts'
import { Mark } from '../ui/mark.tsx'
import { markOf } from '../ui/shapes.ts'
import { Empty } from '../ui/states.tsx'
import { SimulatedTag } from '../ui/tags.tsx'
import { Age } from '../ui/time.tsx'

/** The device chosen on the map: what it says now and what is wrong with it. */
export function DevicePanel({ id, onClose }: { id: string; onClose: () => void }) {
  const device = useLiveDevice(id)
  const mayReadAlerts = useMay('alerts.read')
  const mayOpenPage = useMay('readings.survey')
  const open = useLiveAlerts().filter((alert) => alert.deviceId === id && alert.state !== 'resolved')
  return (
    <section className="device-panel" aria-label="Chosen device">
      <header className="panel-head">
        <div>
          <h2>{device?.name ?? id}</h2>
          <p className="muted">
            {id} {device?.simulated && <SimulatedTag />}
          </p>
        </div>
        <button type="button" className="quiet" onClick={onClose}>
          Close
        </button>
      </header>
      {device === undefined ? (
        <Empty title="The live feed has no such device." />
      ) : (
        <>
          <p className="row">
            <Mark name={markOf(device)} />
            <span className="muted">{device.online ? 'connected' : 'not connected'}</span>
          </p>
          {open.map((alert) => (
            <p key={alert.id} className="panel-alert">
              <Mark name={alert.severity} />
              {mayReadAlerts ? <Link to={paths.alert(alert.id)}>{alert.message}</Link> : <span>{alert.message}</span>}
              <span className="muted">
                <Age atMs={alert.raisedAtMs} /> · {alert.state}
              </span>
            </p>
          ))}
          <KindCards device={device} />
        </>
      )}
      {mayOpenPage && (
        <Link className="button" to={paths.device(id)}>
          Open device page
        </Link>
      )}
    </section>
  )
}
