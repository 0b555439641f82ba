import { lazy, Suspense, useMemo, useRef } from 'react'
import type { SosRecord } from '../../../contracts/sos.ts'
import { post, useDoing } from '../dispatch/use-dispatch.ts'
import { SoundSwitch } from '../live/sos-sound-switch.tsx'
import { useActiveSos, useConnection, useFocusedDevice } from '../live/use-live.ts'
import { useQueryParameter } from '../routing/router.ts'
import { useMay } from '../session/permissions.ts'
import { useNowMs } from '../ui/clock.ts'
import { formatCount } from '../ui/format.ts'
import { Mark } from '../ui/mark.tsx'
import { useShortcuts } from '../ui/shortcuts.ts'
import { Empty, Loading } from '../ui/states.tsx'
import { SimulatedTag } from '../ui/tags.tsx'
import { SosClocks, SosStateTag } from './sos-pieces.tsx'
import { isWaiting, sosTriggerWords, toQueue } from './sos-words.ts'
import { casePath } from './use-sos.ts'

const SosCase = lazy(() => import('./sos-case.tsx').then((module) => ({ default: module.SosCase })))

/** Who calls for help, those nobody looks after first, and beside it the case that is being handled. */
export function SosPage() {
  const active = useActiveSos()
  const connection = useConnection()
  const queue = useMemo(() => toQueue(active), [active])
  const [chosenId, choose] = useQueryParameter('id')
  const mayAct = useMay('sos.act')
  const doing = useDoing(nothing)
  const focusWish = useRef(false)
  const at = queue.findIndex(({ id }) => id === chosenId)
  const waiting = queue.filter(isWaiting).length

  function step(by: number): void {
    const next = queue[Math.min(queue.length - 1, Math.max(0, at + by))]
    if (next === undefined) return
    choose(next.id)
    document.getElementById(`sos-${next.id}`)?.focus()
  }

  function open(id: string): void {
    const shown = document.getElementById('sos-case')
    if (id === chosenId && shown !== null) shown.focus()
    else focusWish.current = true
  }

  /** The chosen one; with none chosen, the first that waits. */
  function acknowledge(): void {
    const sos = at === -1 ? queue.find(isWaiting) : queue[at]
    if (sos === undefined || !isWaiting(sos) || !mayAct || doing.isBusy) return
    choose(sos.id)
    void doing.run(() => post(`${casePath(sos.id)}/acknowledge`))
  }

  useShortcuts('This page', [
    ['j', 'Next case', () => step(1)],
    ['k', 'Previous case', () => step(at === -1 ? 1 : -1)],
    ['a', 'Acknowledge the chosen case', acknowledge],
    ['Escape', 'Choose none', () => choose('')],
  ])

  return (
    <div className="page">
      <header className="page-head">
        <h1>SOS</h1>
        <p className="muted">
          {formatCount(queue.length)} open{waiting > 0 && `, ${formatCount(waiting)} with nobody yet`}
        </p>
        <SoundSwitch />
      </header>
      <p className="problem" role="alert">
        {doing.problem}
      </p>
      {queue.length === 0 && connection.state === 'connecting' && <Loading what="the open cases" />}
      {queue.length === 0 && connection.state !== 'connecting' && (
        <Empty title="Nobody calls for help.">A press shows here within a second, with a sound if that is on.</Empty>
      )}
      <div className="split-grid sos-grid" data-chosen={chosenId !== ''}>
        {queue.length > 0 && (
          <ul className="plain alert-list live-data" aria-label="Open cases">
            {queue.map((sos) => (
              <QueueRow key={sos.id} sos={sos} isChosen={sos.id === chosenId} onChoose={choose} onOpen={open} />
            ))}
          </ul>
        )}
        {chosenId !== '' && (
          <Suspense fallback={<Loading what="the case" />}>
            <SosCase
              key={chosenId}
              focusWish={focusWish}
              id={chosenId}
              known={queue[at]}
              onAcknowledge={acknowledge}
              isBusy={doing.isBusy}
              onClose={() => choose('')}
            />
          </Suspense>
        )}
      </div>
    </div>
  )
}

function nothing(): void {
  // What was done comes back by the feed.
}

interface QueueRowProps {
  readonly sos: SosRecord
  readonly isChosen: boolean
  readonly onChoose: (id: string) => void
  /** Chosen from the keyboard, to be worked in. */
  readonly onOpen: (id: string) => void
}

function QueueRow({ sos, isChosen, onChoose, onOpen }: QueueRowProps) {
  const nowMs = useNowMs()
  const device = useFocusedDevice(sos.deviceId ?? '')
  return (
    <li>
      <button
        type="button"
        id={`sos-${sos.id}`}
        className="alert-row sos-row"
        data-waiting={isWaiting(sos)}
        aria-pressed={isChosen}
        onClick={({ detail: clicks }) => {
          onChoose(sos.id)
          if (clicks === 0) onOpen(sos.id)
        }}
      >
        <Mark name={sos.severity} />
        <span className="alert-text">
          <strong>
            {sos.personName ?? device?.name ?? sos.deviceId ?? 'Somebody'} {device?.simulated && <SimulatedTag />}
          </strong>
          <span className="muted">
            {[
              sosTriggerWords[sos.trigger],
              sos.personName !== undefined && (device?.name ?? sos.deviceId),
              sos.pressCount > 1 && `${sos.pressCount} times`,
              sos.batteryPct !== undefined && `battery ${Math.round(sos.batteryPct)} %`,
              sos.location === undefined && 'no position',
            ]
              .filter(Boolean)
              .join(' · ')}
          </span>
          <SosFlags sos={sos} />
        </span>
        <span className="sos-row-end">
          <SosStateTag state={sos.state} />
          <SosClocks sos={sos} nowMs={nowMs} />
        </span>
      </button>
    </li>
  )
}

function SosFlags({ sos }: { sos: SosRecord }) {
  if (!sos.isDuress && sos.escalation === 0 && sos.silentSinceMs === undefined) return null
  return (
    <span className="sos-flags">
      {sos.isDuress && <span className="sos-flag">Duress</span>}
      {sos.escalation > 0 && isWaiting(sos) && (
        <span className="sos-flag">{sos.escalation === 1 ? 'Called again' : 'Supervisors called'}</span>
      )}
      {sos.silentSinceMs !== undefined && <span className="sos-flag">Nothing heard</span>}
    </span>
  )
}
