import type {
  InboundTelemetry,
  IngestControl,
  IngestStats,
  LatestReading,
  LatestReadings,
  QuarantineQuery,
  TelemetryIntake,
} from '../../contracts/ports/telemetry.ts'
import type { LedgerLine } from '../../contracts/reading.ts'

/** The ingest ports, held in the hand: what comes in can be looked at, what goes out is what the test put there. */
export interface MemoryIngest {
  readonly intake: TelemetryIntake
  readonly control: IngestControl
  readonly latest: LatestReadings
  readonly submitted: InboundTelemetry[]
  readonly replays: QuarantineQuery[]
  readonly ledger: LedgerLine[]
  /** What the next submissions settle with. */
  failWith: Error | undefined
  setLatest(readings: readonly LatestReading[]): void
}

export function createMemoryIngest({ replayRule }: Pick<IngestControl, 'replayRule'>): MemoryIngest {
  const submitted: InboundTelemetry[] = []
  const replays: QuarantineQuery[] = []
  const ledger: LedgerLine[] = []
  let readings: readonly LatestReading[] = []
  const memory: MemoryIngest = {
    submitted,
    replays,
    ledger,
    failWith: undefined,
    setLatest(next) {
      readings = next
    },
    intake: {
      pendingCount: 0,
      countRejected: () => undefined,
      submit(message, settle) {
        submitted.push(message)
        setImmediate(() => settle(memory.failWith))
      },
    },
    latest: {
      of: (deviceId) => readings.filter((reading) => reading.deviceId === deviceId),
      all: () => readings,
      onChange: () => () => undefined,
    },
    control: {
      setRules: () => undefined,
      ledger: async ({ deviceId, after = '', limit }) =>
        ledger
          .filter((line) => line.deviceId > after && (deviceId === undefined || line.deviceId === deviceId))
          .sort((a, b) => (a.deviceId < b.deviceId ? -1 : 1))
          .slice(0, limit),
      ledgerTotals: async () => {
        const total = (name: 'received' | 'stored' | 'duplicate' | 'quarantined' | 'rejected' | 'late') =>
          ledger.reduce((sum, line) => sum + line[name], 0)
        return {
          deviceCount: ledger.length,
          received: total('received'),
          stored: total('stored'),
          duplicate: total('duplicate'),
          quarantined: total('quarantined'),
          rejected: total('rejected'),
          late: total('late'),
        }
      },
      replayRule,
      replayQuarantine: async (query) => {
        replays.push(query)
        return { replayed: 2, stillBad: 1 }
      },
      stats: () => quietStats,
    },
  }
  return memory
}

const quietStats: IngestStats = {
  readings: { received: 10, stored: 6, duplicate: 2, quarantined: 1, rejected: 1, late: 3 },
  unknownFields: 0,
  batches: 4,
  batchRowsLast: 2,
  commitMsLast: 2,
  commitMsP99: 3,
  lagMs: 4,
  pendingCount: 0,
  openTransitions: 0,
}
