import type { ReactNode } from 'react'
import { isOpenSos } from '../../../contracts/sos.ts'
import { DeviceName } from '../devices/device-name.tsx'
import { useFocusedDevice } from '../live/use-live.ts'
import { useNowMs } from '../ui/clock.ts'
import { SimulatedTag } from '../ui/tags.tsx'
import { Age, Time } from '../ui/time.tsx'
import { useNameOfActor } from './sos-pieces.tsx'
import { formatClock, sosOutcomeWords, sosSourceWords, sosTriggerWords } from './sos-words.ts'
import type { SosDetail } from './use-sos.ts'

/** Who calls, how grave it is and why, and how long each step took. */
export function CaseFacts({ sos }: { sos: SosDetail }) {
  const device = useFocusedDevice(sos.deviceId ?? '')
  const nameOf = useNameOfActor()
  return (
    <>
      <CaseClocks sos={sos} />
      <dl className="facts">
        {sos.message !== undefined && <Fact name="Says">{sos.message}</Fact>}
        {(sos.userName ?? sos.userPhone) !== undefined && (
          <Fact name="Person">
            {sos.userName} {sos.userPhone !== undefined && <a href={`tel:${sos.userPhone}`}>{sos.userPhone}</a>}
          </Fact>
        )}
        {sos.deviceId !== undefined && (
          <Fact name="Device">
            <DeviceName id={sos.deviceId} name={device?.name} /> {device?.simulated && <SimulatedTag />}
          </Fact>
        )}
        <Fact name="Came as">
          {sosTriggerWords[sos.trigger]}, {sosSourceWords[sos.source]}
          {sos.pressCount > 1 && `, ${sos.pressCount} times`}
        </Fact>
        <Fact name="Severity">
          {sos.severityReasons.length === 0 ? 'no reasons given' : sos.severityReasons.join('; ')}
        </Fact>
        <Fact name="Pressed">
          <Time atMs={sos.triggeredAtMs} />
        </Fact>
        {sos.acknowledgedAtMs !== undefined && (
          <Fact name="Acknowledged">
            <Time atMs={sos.acknowledgedAtMs} />
            {sos.acknowledgedBy !== undefined && ` by ${nameOf(sos.acknowledgedBy)}`}
          </Fact>
        )}
        {isOpenSos(sos) && (
          <Fact name="Last heard">
            <Age atMs={sos.lastSeenAtMs} />
            {sos.silentSinceMs !== undefined && <strong className="unit-late"> · too long</strong>}
          </Fact>
        )}
        {sos.batteryPct !== undefined && <Fact name="Battery">{Math.round(sos.batteryPct)} %</Fact>}
        {sos.outcome !== undefined && (
          <Fact name="Closed as">
            <strong>{sosOutcomeWords[sos.outcome]}</strong>
            {sos.closedBy !== undefined && ` by ${nameOf(sos.closedBy)}`}
          </Fact>
        )}
      </dl>
    </>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

/** Each from the press on; those not reached yet go on counting or stay empty. */
function CaseClocks({ sos }: { sos: SosDetail }) {
  const nowMs = useNowMs()
  const closedAtMs = sos.resolvedAtMs ?? sos.cancelledAtMs
  const clocks = [
    { name: 'since press', atMs: closedAtMs ?? nowMs },
    { name: 'to acknowledge', atMs: sos.acknowledgedAtMs },
    { name: 'to dispatch', atMs: sos.dispatchedAtMs },
    { name: 'to the scene', atMs: sos.onSceneAtMs },
  ]
  return (
    <dl className="facts dense sos-times" aria-label="Response times">
      {clocks.map(({ name, atMs }) => (
        <div key={name}>
          <dt>{name === 'since press' && closedAtMs !== undefined ? 'to close' : name}</dt>
          <dd className="number">{atMs === undefined ? '–' : formatClock(atMs - sos.triggeredAtMs)}</dd>
        </div>
      ))}
    </dl>
  )
}
