import type { QuarantinedDetail, QuarantinedResource } from '../../../contracts/http/quarantine.ts'
import { request } from '../http/client.ts'
import { useQuery } from '../http/use-query.ts'
import { Link } from '../routing/link.tsx'
import { paths } from '../routing/router.ts'
import { formatBytes } from '../ui/format.ts'
import { Failed, Loading } from '../ui/states.tsx'
import { Time } from '../ui/time.tsx'
import { layOutHex } from './hex.ts'

/** As `decodeAnswer` leaves it. */
export type QuarantineItem = Omit<QuarantinedResource, 'receivedAt' | 'replayedAt' | 'field'> & {
  readonly receivedAtMs: number
  readonly replayedAtMs?: number
  readonly field?: string
}
type QuarantineDetail = QuarantineItem & Pick<QuarantinedDetail, 'hex'> & { readonly text?: string }

interface MessageDetailsProps {
  readonly id: string
  readonly isBusy: boolean
  readonly onReplay: ((id: number) => void) | undefined
  readonly onClose: () => void
}

/** One message with its bytes, as text where they are text and as hex always. */
export function MessageDetails({ id, isBusy, onReplay, onClose }: MessageDetailsProps) {
  const { data, error, reload } = useQuery(id, (signal) =>
    request<QuarantineDetail>(`/api/quarantine/${encodeURIComponent(id)}`, { signal }),
  )
  return (
    <section className="card message-details" aria-label="Chosen message">
      <header className="card-head">
        <h2>Message {id}</h2>
        <button type="button" className="quiet" onClick={onClose}>
          Close
        </button>
      </header>
      {error !== undefined && data === undefined && <Failed what="the message" error={error} onRetry={reload} />}
      {error === undefined && data === undefined && <Loading what="the message" />}
      {data !== undefined && (
        <>
          <dl className="facts">
            <div>
              <dt>Reason</dt>
              <dd>
                {data.reason}
                {data.field && ` (${data.field})`}
              </dd>
            </div>
            <div>
              <dt>Device</dt>
              <dd>
                <Link to={paths.device(data.deviceId)}>{data.deviceId}</Link>
              </dd>
            </div>
            <div>
              <dt>Topic</dt>
              <dd className="mono">{data.topic}</dd>
            </div>
            <div>
              <dt>Received</dt>
              <dd>
                <Time atMs={data.receivedAtMs} />
              </dd>
            </div>
            {data.replayedAtMs && (
              <div>
                <dt>Replayed</dt>
                <dd>
                  <Time atMs={data.replayedAtMs} />, and still bad
                </dd>
              </div>
            )}
            <div>
              <dt>Size</dt>
              <dd className="number">{formatBytes(data.sizeBytes)}</dd>
            </div>
          </dl>
          <h3>Text</h3>
          {data.text === undefined ? (
            <p className="muted">These bytes are not UTF-8 text.</p>
          ) : (
            <Bytes label="Bytes as text">{data.text}</Bytes>
          )}
          <h3>Hex</h3>
          <Bytes label="Bytes as hex">{layOutHex(data.hex)}</Bytes>
          {onReplay !== undefined && (
            <button type="button" className="primary" disabled={isBusy} onClick={() => onReplay(data.id)}>
              Replay this message
            </button>
          )}
        </>
      )}
    </section>
  )
}

/** Can be reached by keyboard, as a long message has to be scrolled. */
function Bytes({ label, children }: { label: string; children: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must take the focus (WCAG 2.1.1)
    <section className="bytes" aria-label={label} tabIndex={0}>
      <pre>{children}</pre>
    </section>
  )
}
