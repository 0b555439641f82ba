import { type RefObject, useEffect, useRef, useState } from 'react'
import { isOpenSos, type SosRecord } from '../../../contracts/sos.ts'
import { type Doing, post, useDoing } from '../dispatch/use-dispatch.ts'
import { request } from '../http/client.ts'
import { useMay } from '../session/permissions.ts'
import { Mark } from '../ui/mark.tsx'
import { useShortcuts } from '../ui/shortcuts.ts'
import { Failed, Loading } from '../ui/states.tsx'
import { CaseEvidence } from './case-evidence.tsx'
import { CaseFacts } from './case-facts.tsx'
import { CaseNotices } from './case-notices.tsx'
import { CasePlace } from './case-place.tsx'
import { CaseShares } from './case-shares.tsx'
import { CaseTimeline } from './case-timeline.tsx'
import { CaseUnits } from './case-units.tsx'
import { CloseDialog } from './close-dialog.tsx'
import { SosStateTag } from './sos-pieces.tsx'
import { isWaiting } from './sos-words.ts'
import { casePath, type SosDetail, useCaseQuery } from './use-sos.ts'

interface SosCaseProps {
  readonly id: string
  /** As the feed has it; undefined once it is over. */
  readonly known: SosRecord | undefined
  /** Whether the case takes the focus once it is there. */
  readonly focusWish: RefObject<boolean>
  readonly isBusy: boolean
  readonly onAcknowledge: () => void
  readonly onClose: () => void
}

/** One call for help: what is known, what was done, who is there, and what can be done next. */
export function SosCase({ id, known, focusWish, isBusy, onAcknowledge, onClose }: SosCaseProps) {
  const version = known?.updatedAtMs ?? 0
  const detail = useCaseQuery(id, (signal) => request<SosDetail>(casePath(id), { signal }), { version })
  const doing = useDoing(detail.reload)
  const sos = detail.data
  const top = useRef<HTMLElement>(null)
  useEffect(() => {
    // Beside the queue it is in sight anyway; on a phone it is above what was tapped.
    if (window.matchMedia('(max-width: 900px)').matches) top.current?.scrollIntoView({ block: 'start' })
    if (focusWish.current) top.current?.focus({ preventScroll: true })
    focusWish.current = false
  }, [focusWish])
  return (
    <section ref={top} className="sos-case" id="sos-case" tabIndex={-1} aria-label="Chosen case">
      {sos === undefined && detail.error !== undefined && (
        <Failed what="the case" error={detail.error} onRetry={detail.reload} />
      )}
      {sos === undefined && detail.error === undefined && <Loading what="the case" />}
      {sos !== undefined && (
        <>
          <div className="sos-column">
            <div className="card sos-head" data-waiting={isWaiting(sos)}>
              <header className="card-head">
                <h2>{sos.userName ?? sos.deviceId ?? 'Somebody'}</h2>
                <button type="button" className="quiet" onClick={onClose}>
                  Close
                </button>
              </header>
              <p className="row wrap">
                <Mark name={sos.severity} /> <SosStateTag state={sos.state} />
              </p>
              {sos.isDuress && (
                <p className="sos-duress">
                  <strong>Under duress.</strong> The person was made to cancel, and sees it as cancelled. Go on quietly:
                  do not ring back or write to their devices.
                </p>
              )}
              <Steps sos={sos} isBusy={isBusy || doing.isBusy} doing={doing} onAcknowledge={onAcknowledge} />
              <CaseFacts sos={sos} />
            </div>
            <CaseUnits sos={sos} known={known} />
            <CaseEvidence id={id} version={version} />
            <CaseShares sos={sos} doing={doing} />
          </div>
          <div className="sos-column">
            <CasePlace sos={sos} version={version} />
            <CaseTimeline sos={sos} doing={doing} />
            <CaseNotices id={id} version={version} />
          </div>
        </>
      )}
    </section>
  )
}

interface StepsProps {
  readonly sos: SosDetail
  readonly isBusy: boolean
  readonly doing: Doing
  readonly onAcknowledge: () => void
}

function Steps({ sos, isBusy, doing, onAcknowledge }: StepsProps) {
  const mayAct = useMay('sos.act')
  const [isClosing, setIsClosing] = useState(false)
  const isOpen = isOpenSos(sos)
  const setStatus = (status: string) => void doing.run(() => post(`${casePath(sos.id)}/status`, { status }))
  useShortcuts(
    'This case',
    mayAct && isOpen
      ? [
          ['d', 'Help is on its way', () => setStatus('dispatched')],
          ['s', 'Help is on the scene', () => setStatus('on-scene')],
          ['x', 'Close it', () => setIsClosing(true)],
        ]
      : [],
  )
  if (!mayAct || !isOpen) return null
  return (
    <>
      <div className="row wrap">
        {sos.state === 'active' && (
          <button type="button" className="primary" disabled={isBusy} onClick={onAcknowledge}>
            Acknowledge <kbd>a</kbd>
          </button>
        )}
        {(sos.state === 'active' || sos.state === 'acknowledged') && (
          <button type="button" disabled={isBusy} onClick={() => setStatus('dispatched')}>
            On the way <kbd>d</kbd>
          </button>
        )}
        {sos.state !== 'on-scene' && (
          <button type="button" disabled={isBusy} onClick={() => setStatus('on-scene')}>
            On the scene <kbd>s</kbd>
          </button>
        )}
        <button type="button" disabled={isBusy} onClick={() => setIsClosing(true)}>
          Close the case … <kbd>x</kbd>
        </button>
      </div>
      <p className="problem" role="alert">
        {doing.problem}
      </p>
      {isClosing && <CloseDialog sos={sos} onDone={doing.run} onClose={() => setIsClosing(false)} />}
    </>
  )
}
