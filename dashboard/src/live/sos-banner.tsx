import type { SosRecord } from '../../../contracts/sos.ts'
import { DeviceName } from '../devices/device-name.tsx'
import { Link } from '../routing/link.tsx'
import { paths } from '../routing/router.ts'
import { formatPosition } from '../ui/format.ts'
import { Age } from '../ui/time.tsx'
import { useActiveSos, useFocusedDevice } from './use-live.ts'

/** More than these would push the page off the screen; the rest are counted. */
const shownMax = 3

/** Every active SOS, on every page, before anything else. */
export function SosBanner() {
  const presses = useActiveSos()
  return (
    <div role="alert" className="sos-banner">
      {presses.slice(0, shownMax).map((press) => (
        <SosLine key={press.id} press={press} />
      ))}
      {presses.length > shownMax && <p className="sos-line">and {presses.length - shownMax} more active SOS</p>}
    </div>
  )
}

function SosLine({ press }: { press: SosRecord }) {
  const device = useFocusedDevice(press.deviceId ?? '')
  return (
    <div className="sos-line">
      <strong className="sos-word">SOS</strong>
      {press.deviceId === undefined ? (
        <span>{press.personName ?? 'Somebody'}</span>
      ) : (
        <DeviceName id={press.deviceId} name={device?.name} />
      )}
      <span>
        {press.trigger} · <Age atMs={press.receivedAtMs} />
        {press.pressCount > 1 && ` · pressed ${press.pressCount} times`}
        {press.batteryPct !== undefined && ` · battery ${Math.round(press.batteryPct)} %`}
        {device?.simulated && ' · simulated'}
      </span>
      {press.location ? (
        <Link to={`${paths.map}?sos=${encodeURIComponent(press.id)}`} title={formatPosition(press.location)}>
          Show on map
        </Link>
      ) : (
        <span>no position sent</span>
      )}
    </div>
  )
}
