import { useEffect } from 'react'
import type { Health, LedgerTotalsResource, SystemStats } from '../../../contracts/http/system.ts'
import { request } from '../http/client.ts'
import { type Query, useQuery } from '../http/use-query.ts'
import { feed, useConnection, useSystemHistory } from '../live/use-live.ts'
import { formatAge, formatBytes, formatCount } from '../ui/format.ts'
import { Mark } from '../ui/mark.tsx'
import type { MarkName } from '../ui/shapes.ts'
import { Failed, Loading } from '../ui/states.tsx'
import { Age, Time } from '../ui/time.tsx'
import { LedgerFacts } from './ledger-facts.tsx'
import { ThroughputChart } from './throughput-chart.tsx'

type Stats = Omit<SystemStats, 'at' | 'store' | 'broker'> & {
  readonly atMs: number
  readonly broker?: NonNullable<SystemStats['broker']>
  readonly store: Omit<SystemStats['store'], 'oldestAt' | 'newestAt'> & {
    readonly oldestAtMs?: number
    readonly newestAtMs?: number
  }
}

const readEveryMs = 5000

/** Is the machinery well: what comes in, where it went, how far behind, who was turned away. */
export function SystemPage() {
  const stats = useRepeated('stats', (signal) => request<Stats>('/api/system/stats', { signal }))
  const ledger = useRepeated('ledger', (signal) =>
    request<{ readonly totals: LedgerTotalsResource }>('/api/system/ledger', { signal, query: { limit: 1 } }),
  )
  const health = useRepeated('health', (signal) => request<Health>('/api/health', { signal }))
  const history = useSystemHistory()
  const now = history.at(-1)
  return (
    <div className="page">
      <header className="page-head">
        <h1>System</h1>
        {stats.data && (
          <p className="muted">
            version {stats.data.version} · up {formatAge(stats.data.uptimeS * 1000)}
          </p>
        )}
      </header>
      <div className="tiles live-data">
        <Tile label="Readings" value={now && formatCount(now.readingsPerS)} unit="/ s" />
        <Tile label="Stored after" value={now && formatMs(now.ingest.lagMs)} unit="ms" />
        <Tile label="Commit, slowest 1 %" value={now && formatMs(now.ingest.commitMsP99)} unit="ms" />
        <Tile label="Waiting to be stored" value={now && formatCount(now.ingest.pendingCount)} unit="messages" />
        <Tile label="MQTT connections" value={now && formatCount(now.connections)} unit="" />
        <Tile label="Live viewers" value={now && formatCount(now.viewers)} unit="" />
      </div>
      <div className="card-grid">
        <section className="card wide" aria-label="Throughput">
          <h2>Readings a second</h2>
          <ThroughputChart history={history} />
        </section>
        <section className="card wide" aria-label="Ledger">
          <h2>Ledger</h2>
          <p className="muted">Where every reading of every device went, since the beginning.</p>
          <Answer query={ledger} what="the ledger">
            {({ totals }) => (
              <>
                <LedgerFacts totals={totals} />
                <p className="muted">{formatCount(totals.deviceCount)} devices</p>
              </>
            )}
          </Answer>
        </section>
        <section className="card" aria-label="Health">
          <h2>Health</h2>
          <Answer query={health} what="the state of the parts">
            {({ services }) => (
              <ul className="plain lines">
                {Object.entries(services).map(([name, state]) => (
                  <li key={name}>
                    <Mark name={markOfService(state)} label={state} />
                    <span>{spaceWords(name)}</span>
                  </li>
                ))}
              </ul>
            )}
          </Answer>
        </section>
        <section className="card" aria-label="Store">
          <h2>Store</h2>
          <Answer query={stats} what="the store">
            {({ store }) => <StoreFacts store={store} />}
          </Answer>
        </section>
        <section className="card" aria-label="Broker">
          <h2>Broker</h2>
          <Answer query={stats} what="the broker">
            {({ broker }) =>
              broker === undefined ? <p className="muted">Runs in another process.</p> : <BrokerFacts broker={broker} />
            }
          </Answer>
        </section>
        <section className="card" aria-label="Ingest">
          <h2>Ingest, since start</h2>
          <Answer query={stats} what="ingest">
            {({ ingest }) => (
              <dl className="facts">
                <Fact name="batches" value={formatCount(ingest.batches)} />
                <Fact name="rows in the newest" value={formatCount(ingest.batchRowsLast)} />
                <Fact name="newest commit" value={`${formatMs(ingest.commitMsLast)} ms`} />
                <Fact name="late readings" value={formatCount(ingest.readings.late)} />
                <Fact name="unknown fields" value={formatCount(ingest.unknownFields)} />
                <Fact name="alerts not yet delivered" value={formatCount(ingest.openTransitions)} />
              </dl>
            )}
          </Answer>
        </section>
        <FeedCard />
        <section className="card" aria-label="Process">
          <h2>Process</h2>
          <Answer query={stats} what="the process">
            {({ process }) => (
              <dl className="facts">
                <Fact name="memory" value={formatBytes(process.rssBytes)} />
                <Fact name="heap in use" value={formatBytes(process.heapUsedBytes)} />
                <Fact name="processor time" value={formatAge(process.cpuS * 1000)} />
                <Fact name="event loop, slowest 1 %" value={`${formatMs(process.eventLoopLagMsP99)} ms`} />
              </dl>
            )}
          </Answer>
        </section>
      </div>
    </div>
  )
}

/** Asks again every few seconds while the page is looked at. */
function useRepeated<T>(key: string, ask: (signal: AbortSignal) => Promise<T>): Query<T> {
  const query = useQuery(key, ask)
  const { reload } = query
  useEffect(() => {
    const timer = setInterval(() => document.hidden || reload(), readEveryMs)
    return () => clearInterval(timer)
  }, [reload])
  return query
}

interface AnswerProps<T> {
  readonly query: Query<T>
  readonly what: string
  readonly children: (data: T) => React.ReactNode
}

function Answer<T>({ query, what, children }: AnswerProps<T>) {
  const { data, error, reload } = query
  if (data === undefined && error !== undefined) return <Failed what={what} error={error} onRetry={reload} />
  if (data === undefined) return <Loading what={what} />
  return (
    <>
      {children(data)}
      {error !== undefined && <p className="problem">Could not be read again: {error.message}</p>}
    </>
  )
}

function Tile({ label, value, unit }: { label: string; value: string | undefined; unit: string }) {
  return (
    <div className="tile">
      <span className="muted">{label}</span>
      <span>
        <span className="number tile-value">{value ?? '–'}</span> <span className="muted">{unit}</span>
      </span>
    </div>
  )
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="number">{value}</dd>
    </div>
  )
}

function StoreFacts({ store }: { store: Stats['store'] }) {
  return (
    <>
      <p className="row">
        <Mark name={store.healthy ? 'ok' : 'critical'} label={store.healthy ? 'healthy' : 'not healthy'} />{' '}
        <span className="muted">
          {store.engine} {store.version}
        </span>
      </p>
      <dl className="facts">
        <Fact name="on disk" value={formatBytes(store.bytesOnDisk)} />
        {Object.entries(store.rows).map(([name, count]) => (
          <Fact key={name} name={name} value={`${formatCount(count)} rows`} />
        ))}
        <div>
          <dt>oldest</dt>
          <dd>{store.oldestAtMs === undefined ? '–' : <Time atMs={store.oldestAtMs} />}</dd>
        </div>
        <div>
          <dt>newest</dt>
          <dd>{store.newestAtMs === undefined ? '–' : <Time atMs={store.newestAtMs} />}</dd>
        </div>
      </dl>
    </>
  )
}

function BrokerFacts({ broker }: { broker: NonNullable<Stats['broker']> }) {
  const refusals = Object.entries(broker.refusals).filter(([, count]) => count > 0)
  return (
    <>
      <dl className="facts">
        <Fact
          name="connections"
          value={`${formatCount(broker.connections)} of at most ${formatCount(broker.connectionsMax)}`}
        />
        <Fact name="publishes received" value={formatCount(broker.publishesReceived)} />
        <Fact name="slowed at this moment" value={formatCount(broker.throttled)} />
      </dl>
      <h3>Refused, by reason</h3>
      {refusals.length === 0 ? (
        <p className="muted">Nobody so far.</p>
      ) : (
        <dl className="facts">
          {refusals.map(([name, count]) => (
            <Fact key={name} name={name} value={formatCount(count)} />
          ))}
        </dl>
      )}
    </>
  )
}

/** This screen's own line to the server. */
function FeedCard() {
  const connection = useConnection()
  // The figures ride on the system's own message, once a second.
  useSystemHistory()
  const facts = feed.facts()
  return (
    <section className="card" aria-label="Live feed of this screen">
      <h2>Live feed, this screen</h2>
      <p>
        <Mark name={connection.state === 'live' ? 'ok' : 'offline'} label={connection.state} />
      </p>
      <dl className="facts">
        <Fact name="step of the log" value={formatCount(feed.store.position?.seq ?? 0)} />
        <Fact name="detail" value={feed.store.position?.view.detail ?? '–'} />
        <Fact name="connection lost" value={formatCount(facts.lostCount)} />
        <Fact name="resumed without a gap" value={formatCount(facts.resumedCount)} />
        <Fact name="started anew" value={formatCount(facts.snapshotCount)} />
        {facts.lastMessageAtMs !== undefined && (
          <div>
            <dt>last message</dt>
            <dd>
              <Age atMs={facts.lastMessageAtMs} />
            </dd>
          </div>
        )}
      </dl>
    </section>
  )
}

function markOfService(state: Health['services'][string]): MarkName {
  return ({ ok: 'ok', degraded: 'medium', down: 'critical', elsewhere: 'never-seen' } as const)[state]
}

/** `timeSeries` -> `time series` */
function spaceWords(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

function formatMs(ms: number): string {
  return ms < 10 ? ms.toFixed(1) : formatCount(ms)
}
