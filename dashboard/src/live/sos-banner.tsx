import { useMemo } from 'react'
import type { SosRecord } from '../../../contracts/sos.ts'
import { DeviceName } from '../devices/device-name.tsx'
import { Link } from '../routing/link.tsx'
import { paths, usePath } from '../routing/router.ts'
import { useMay } from '../session/permissions.ts'
import { isWaiting, sosStateWords, sosTriggerWords, toQueue } from '../sos/sos-words.ts'
import { formatPosition } from '../ui/format.ts'
import { Age } from '../ui/time.tsx'
import { useSoundState } from './sos-sound.ts'
import { SoundSwitch } from './sos-sound-switch.tsx'
import { useActiveSos, useFocusedDevice } from './use-live.ts'
import { useSosAlarm } from './use-sos-alarm.ts'

/** More than these would push the page off the screen; the rest are counted. */
const shownMax = 3

/** Every open SOS, on every page, before anything else; those nobody looks after are heard too. */
export function SosBanner() {
  const active = useActiveSos()
  const presses = useMemo(() => toQueue(active), [active])
  const waiting = useMemo(() => presses.filter(isWaiting), [presses])
  const sound = useSoundState()
  // The console has the switch in its head.
  const path = usePath()
  useSosAlarm(waiting)
  return (
    <div role="alert" className="sos-banner">
      {presses.slice(0, shownMax).map((press) => (
        <SosLine key={press.id} press={press} />
      ))}
      {presses.length > shownMax && (
        <p className="sos-line" data-waiting={waiting.length > shownMax}>
          <Link to={paths.sos}>and {presses.length - shownMax} more open SOS</Link>
        </p>
      )}
      {waiting.length > 0 && sound !== 'on' && path !== paths.sos && (
        <div className="sos-line" data-waiting="false">
          <SoundSwitch />
        </div>
      )}
    </div>
  )
}

function SosLine({ press }: { press: SosRecord }) {
  const device = useFocusedDevice(press.deviceId ?? '')
  const mayOpen = useMay('sos.act')
  return (
    <div className="sos-line" data-waiting={isWaiting(press)}>
      <strong className="sos-word">SOS</strong>
      {mayOpen && <Link to={paths.sosCase(press.id)}>Open the case</Link>}
      {press.deviceId === undefined ? (
        <span>{press.personName ?? 'Somebody'}</span>
      ) : (
        <DeviceName id={press.deviceId} name={device?.name} />
      )}
      <span>
        {sosTriggerWords[press.trigger]} · {!isWaiting(press) && `${sosStateWords[press.state].toLowerCase()} · `}
        <Age atMs={press.receivedAtMs} />
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
