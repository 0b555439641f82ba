import { useState } from 'react'
import { isOpenSos } from '../../../contracts/sos.ts'
import type { Doing } from '../dispatch/use-dispatch.ts'
import { request } from '../http/client.ts'
import { useMay } from '../session/permissions.ts'
import { useNowMs } from '../ui/clock.ts'
import { Confirm, Dialog } from '../ui/dialog.tsx'
import { formatAge } from '../ui/format.ts'
import { Time } from '../ui/time.tsx'
import { openShares } from './sos-words.ts'
import { casePath, type SosDetail } from './use-sos.ts'

interface NewShare {
  readonly path: string
  readonly expiresAtMs: number
}

const shareForS = 86_400

/** Links by which somebody without an account sees this case and nothing else. */
export function CaseShares({ sos, doing }: { sos: SosDetail; doing: Doing }) {
  const mayShare = useMay('sos.report')
  const nowMs = useNowMs()
  const [made, setMade] = useState<NewShare>()
  const [asked, setAsked] = useState<string>()
  if (!mayShare) return null
  const open = openShares(sos.timeline, nowMs)
  const make = () =>
    doing.run(async () => {
      const body = { expiresInS: shareForS }
      setMade(await request<NewShare>(`${casePath(sos.id)}/share`, { method: 'POST', body }))
    })
  return (
    <section className="card" aria-labelledby="case-shares">
      <div className="card-head">
        <h3 id="case-shares">Links</h3>
        {isOpenSos(sos) && (
          <button type="button" disabled={doing.isBusy} onClick={() => void make()}>
            Make a link
          </button>
        )}
      </div>
      {open.length === 0 && <p className="muted">No link is open.</p>}
      {open.length > 0 && (
        <ul className="plain lines" aria-label="Open links">
          {open.map(({ shareId, madeAtMs, expiresAtMs }) => (
            <li key={shareId} className="sos-unit">
              <span className="grow">
                Made <Time atMs={madeAtMs} /> <span className="muted">ends in {formatAge(expiresAtMs - nowMs)}</span>
              </span>
              <button type="button" disabled={doing.isBusy} onClick={() => setAsked(shareId)}>
                Take back …
              </button>
            </li>
          ))}
        </ul>
      )}
      {made !== undefined && <ShareOnce share={made} onClose={() => setMade(undefined)} />}
      {asked !== undefined && (
        <Confirm
          title="Take the link back?"
          action="Take it back"
          onClose={() => setAsked(undefined)}
          onConfirm={() => void doing.run(() => request(`${casePath(sos.id)}/share/${asked}`, { method: 'DELETE' }))}
        >
          <p>Whoever has it sees nothing any more.</p>
        </Confirm>
      )}
    </section>
  )
}

function ShareOnce({ share, onClose }: { share: NewShare; onClose: () => void }) {
  const [isCopied, setIsCopied] = useState(false)
  const link = new URL(share.path, location.origin).href
  const copy = () =>
    void navigator.clipboard.writeText(link).then(
      () => setIsCopied(true),
      () => setIsCopied(false),
    )
  return (
    <Dialog title="The link" onClose={onClose}>
      <p>
        It is shown this once. Whoever has it sees where the person is until <Time atMs={share.expiresAtMs} />, or until
        the case is over.
      </p>
      <p className="mono sos-link">{link}</p>
      <div className="row end">
        <span role="status">{isCopied && 'Copied.'}</span>
        <button type="button" className="primary" onClick={copy}>
          Copy
        </button>
      </div>
    </Dialog>
  )
}
