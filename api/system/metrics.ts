import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { SystemStats } from '../../contracts/http/system.ts'

type Samples = number | Readonly<Record<string, number>>

/** One figure of the system as Prometheus wants it. A record becomes one sample per key, under `label`. */
interface Metric {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge'
  readonly label?: string
  readonly read: (stats: SystemStats) => Samples
}

const readingOutcomes = ['stored', 'duplicate', 'quarantined', 'rejected'] as const

const metrics: readonly Metric[] = [
  {
    name: 'prahari_readings_total',
    help: 'Readings by where they went; together they are all that were received',
    type: 'counter',
    label: 'outcome',
    read: ({ ingest }) => Object.fromEntries(readingOutcomes.map((name) => [name, ingest.readings[name]])),
  },
  {
    name: 'prahari_readings_received_total',
    help: 'Readings received',
    type: 'counter',
    read: ({ ingest }) => ingest.readings.received,
  },
  {
    name: 'prahari_readings_late_total',
    help: 'Stored readings that came after a newer one of the same device and kind',
    type: 'counter',
    read: ({ ingest }) => ingest.readings.late,
  },
  {
    name: 'prahari_unknown_fields_total',
    help: 'Fields that no kind describes, left out of what is stored',
    type: 'counter',
    read: ({ ingest }) => ingest.unknownFields,
  },
  {
    name: 'prahari_ingest_batches_total',
    help: 'Batches committed',
    type: 'counter',
    read: ({ ingest }) => ingest.batches,
  },
  {
    name: 'prahari_ingest_batch_rows',
    help: 'Rows of the newest batch',
    type: 'gauge',
    read: ({ ingest }) => ingest.batchRowsLast,
  },
  {
    name: 'prahari_ingest_commit_p99_seconds',
    help: '99th percentile of the time a commit takes',
    type: 'gauge',
    read: ({ ingest }) => ingest.commitMsP99 / 1000,
  },
  {
    name: 'prahari_ingest_lag_seconds',
    help: 'From receive to durable, of the newest batch',
    type: 'gauge',
    read: ({ ingest }) => ingest.lagMs / 1000,
  },
  {
    name: 'prahari_ingest_pending',
    help: 'Messages accepted and not yet durable',
    type: 'gauge',
    read: ({ ingest }) => ingest.pendingCount,
  },
  {
    name: 'prahari_mqtt_connections',
    help: 'Open MQTT connections',
    type: 'gauge',
    read: ({ broker }) => broker?.connections ?? {},
  },
  {
    name: 'prahari_mqtt_connections_limit',
    help: 'Connections beyond this are refused',
    type: 'gauge',
    read: ({ broker }) => broker?.connectionsMax ?? {},
  },
  {
    name: 'prahari_mqtt_publishes_total',
    help: 'PUBLISH packets received',
    type: 'counter',
    read: ({ broker }) => broker?.publishesReceived ?? {},
  },
  {
    name: 'prahari_mqtt_throttled_devices',
    help: 'Devices being slowed at this moment',
    type: 'gauge',
    read: ({ broker }) => broker?.throttled ?? {},
  },
  {
    name: 'prahari_mqtt_refusals_total',
    help: 'What was refused, by the name of the limit or fault that acted',
    type: 'counter',
    label: 'limit',
    read: ({ broker }) => broker?.refusals ?? {},
  },
  {
    name: 'prahari_http_refusals_total',
    help: 'Requests refused, by the rate limit that acted',
    type: 'counter',
    label: 'limit',
    read: ({ http }) => http.refusals,
  },
  {
    name: 'prahari_http_clients_forgotten_total',
    help: 'Clients whose count of requests was dropped early because there were too many',
    type: 'counter',
    read: ({ http }) => http.clientsForgotten,
  },
  {
    name: 'prahari_http_shared_counts_up',
    help: '1 while requests are counted together with other instances, 0 while Redis is away',
    type: 'gauge',
    read: ({ http }) => (http.sharedCounts === null ? {} : Number(http.sharedCounts.up)),
  },
  {
    name: 'prahari_http_shared_counts_outages_total',
    help: 'Times that Redis went away',
    type: 'counter',
    read: ({ http }) => http.sharedCounts?.outages ?? {},
  },
  {
    name: 'prahari_http_counted_alone_total',
    help: 'Requests that this instance counted alone because Redis was away',
    type: 'counter',
    read: ({ http }) => http.sharedCounts?.countedAlone ?? {},
  },
  {
    name: 'prahari_messages_waiting',
    help: 'Messages to people that are not on their way yet, or rest before another try',
    type: 'gauge',
    read: ({ messages }) => messages.waiting,
  },
  {
    name: 'prahari_messages_total',
    help: 'Messages to people, by what became of them',
    type: 'counter',
    label: 'outcome',
    read: ({ messages }) => messages.outcomes,
  },
  {
    name: 'prahari_notices_queued',
    help: 'Notices that wait for their turn, for another try, or for a channel before them to fail',
    type: 'gauge',
    read: ({ outbox }) => outbox.queued,
  },
  {
    name: 'prahari_notices_lag_seconds',
    help: 'How long the oldest notice that is due has been due',
    type: 'gauge',
    read: ({ outbox }) => outbox.lagMs / 1000,
  },
  {
    name: 'prahari_notices_total',
    help: 'Tries to tell somebody by one channel, by what became of them; queued is tried again',
    type: 'counter',
    label: 'outcome',
    read: ({ outbox }) => outbox.outcomes,
  },
  {
    name: 'prahari_store_rows',
    help: 'Rows in the time-series store',
    type: 'gauge',
    label: 'table',
    read: ({ store }) => store.rows,
  },
  {
    name: 'prahari_store_bytes',
    help: 'Size of the time-series store on disk',
    type: 'gauge',
    read: ({ store }) => store.bytesOnDisk,
  },
  {
    name: 'prahari_store_healthy',
    help: '1 while the time-series store answers',
    type: 'gauge',
    read: ({ store }) => (store.healthy ? 1 : 0),
  },
  {
    name: 'prahari_job_runs_total',
    help: 'Runs of the jobs done by the clock',
    type: 'counter',
    label: 'job',
    read: ({ jobs }) => Object.fromEntries(jobs.map(({ name, runs }) => [name, runs])),
  },
  {
    name: 'prahari_job_failures_total',
    help: 'Runs that failed',
    type: 'counter',
    label: 'job',
    read: ({ jobs }) => Object.fromEntries(jobs.map(({ name, failures }) => [name, failures])),
  },
  {
    name: 'prahari_job_overlaps_total',
    help: 'Times a job was due while it was still running',
    type: 'counter',
    label: 'job',
    read: ({ jobs }) => Object.fromEntries(jobs.map(({ name, overlaps }) => [name, overlaps])),
  },
  {
    name: 'prahari_uptime_seconds',
    help: 'Since the API was made',
    type: 'gauge',
    read: ({ uptimeS }) => uptimeS,
  },
  // The usual names, so that dashboards made for any Node service show ours. The library's own collectors cannot be
  // stopped once started, and one process may hold several instances.
  {
    name: 'process_cpu_seconds_total',
    help: 'Processor time since start',
    type: 'counter',
    read: ({ process }) => process.cpuS,
  },
  {
    name: 'process_resident_memory_bytes',
    help: 'Resident set size',
    type: 'gauge',
    read: ({ process }) => process.rssBytes,
  },
  {
    name: 'nodejs_heap_size_used_bytes',
    help: 'Heap in use',
    type: 'gauge',
    read: ({ process }) => process.heapUsedBytes,
  },
  {
    name: 'nodejs_eventloop_lag_p99_seconds',
    help: '99th percentile of the lag of the main thread over the last seconds',
    type: 'gauge',
    read: ({ process }) => process.eventLoopLagMsP99 / 1000,
  },
]

export interface MetricsRegistry {
  readonly contentType: string
  /** @returns the text of one scrape */
  render(stats: SystemStats): Promise<string>
  observeRequest(request: {
    readonly route: string
    readonly method: string
    readonly status: number
    readonly durationS: number
  }): void
}

/** A registry per instance: nothing is shared between two of them in one process. */
export function createMetricsRegistry(): MetricsRegistry {
  const registry = new Registry()
  const setters = metrics.map((metric) => createSetter(metric, registry))
  const requests = new Histogram({
    name: 'prahari_http_request_duration_seconds',
    help: 'From request to the end of the answer',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [registry],
  })
  return {
    contentType: registry.contentType,
    render(stats) {
      for (const set of setters) set(stats)
      return registry.metrics()
    },
    observeRequest({ durationS, status, ...labels }) {
      requests.observe({ ...labels, status: String(status) }, durationS)
    },
  }
}

function createSetter({ type, label, read, ...about }: Metric, registry: Registry): (stats: SystemStats) => void {
  const options = { ...about, labelNames: label === undefined ? [] : [label], registers: [registry] }
  const metric = type === 'counter' ? new Counter(options) : new Gauge(options)
  return (stats) => {
    const samples = read(stats)
    // Totals are kept where they happen; here they are only repeated.
    metric.reset()
    if (typeof samples === 'number') return metric.inc(samples)
    if (label === undefined) return metric.remove()
    for (const [key, value] of Object.entries(samples)) metric.inc({ [label]: key }, value)
  }
}
