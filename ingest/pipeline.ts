import { isAscii } from 'node:buffer'
import type { AlertRule, RuleTransition } from '../contracts/alert.ts'
import { findKind, kinds } from '../contracts/kinds/index.ts'
import { fieldNames, type Kind } from '../contracts/kinds/kind.ts'
import type {
  QuarantineEntry,
  ReadingColumns,
  Recovered,
  TimeSeriesWriter,
  WriteBatch,
} from '../contracts/ports/time-series.ts'
import type { QuarantinedMessage, QuarantineReason } from '../contracts/reading.ts'
import { parseUpTopic, topics } from '../contracts/topics.ts'
import { type ColumnBuilder, createColumnBuilder } from './column-builder.ts'
import { decodePayload, isRecord } from './decode.ts'
import type { FrameSource, TelemetryFrame } from './frame.ts'
import { createLedger, type Ledger, type LedgerAccount } from './ledger.ts'
import { defaultTimeLimits, parseObservedAt, type TimeLimits } from './observed-time.ts'
import { createRuleBook, emptyRuleBook, type RuleBook } from './rules/rule-book.ts'
import { type AcceptedReading, createSource, type SavedSource, type Source } from './source.ts'
import { createValueCheck, type ValueCheck } from './validate.ts'

export interface PipelineOptions {
  readonly findStored: TimeSeriesWriter['findStored']
  readonly timeLimits?: TimeLimits
  readonly now: () => number
}

/** Since start, for metrics. The ledger is the account that lasts. */
export interface PipelineCounts {
  received: number
  stored: number
  duplicate: number
  quarantined: number
  rejected: number
  late: number
  unknownFields: number
}

export interface Prepared {
  readonly batch: WriteBatch
  /** Gives the batch's columns back for use; call when the store is done with them. */
  release(): void
}

/**
 * decode -> validate by kind -> deduplicate -> drive the rules -> columns.
 *
 * Everything that happens to a message happens in `prepare`, in memory, and ends up in one batch; the batch is durable
 * or nothing is. When a commit fails this state has run ahead of the store: throw it away and `recover` again.
 */
export interface Pipeline {
  recover(recovered: Recovered): Promise<void>
  /** Learns the other thread's numbers; must see every frame, also one that is never prepared. */
  announce(sources: readonly FrameSource[]): void
  prepare(frame: TelemetryFrame | undefined): Promise<Prepared>
  prepareReplay(messages: readonly QuarantinedMessage[]): Promise<Prepared & { readonly replayed: number }>
  setRules(rules: readonly AlertRule[]): void
  /** Alerts that are open in the records store, whatever the rules' own memory says. */
  markFiring(open: readonly { readonly ruleId: string; readonly deviceId: string; readonly kind: string }[]): void
  tick(nowMs: number): void
  /** Asks for a snapshot with the next batch. */
  requestSnapshot(transitionsAppliedTo: number): void
  takeChangedSources(): Source[]
  allSources(): Iterable<Source>
  /** Work that waits for a batch although no message does. */
  readonly hasPendingWork: boolean
  readonly ledger: Ledger
  readonly counts: PipelineCounts
}

interface KindRuntime {
  readonly kind: Kind
  readonly check: ValueCheck
  readonly fieldCount: number
  /** Where a candidate's values are read into; valid until the next one. */
  readonly values: Float64Array
  /** The newest of the kind, being filled; committed ones wait in `spare`. */
  builder: ColumnBuilder
  readonly spare: ColumnBuilder[]
}

interface UnsureReading extends AcceptedReading {
  readonly source: Source
}

type Faults = { reason: QuarantineReason; field: string | undefined }

export function createPipeline(options: PipelineOptions): Pipeline {
  const { now } = options
  const limits = options.timeLimits ?? defaultTimeLimits
  const kindRuntimes = kinds.map(createKindRuntime)
  const kindNoById = new Map(kinds.map((kind, no) => [kind.id, no]))
  const ledger = createLedger()
  const counts: PipelineCounts = {
    received: 0,
    stored: 0,
    duplicate: 0,
    quarantined: 0,
    rejected: 0,
    late: 0,
    unknownFields: 0,
  }
  let ruleBook: RuleBook = emptyRuleBook
  let sourcesByDevice = new Map<string, Map<string, Source>>()
  /** The other thread's numbers for sources; the names outlast a recovery, the sources do not. */
  const announced: FrameSource[] = []
  let sourceByNo: Source[] = []
  let batchNo = 0
  let quarantineId = 0
  let startedAtMs = now()
  let clockMs = startedAtMs
  let snapshotAppliedTo: number | undefined
  let changed: Source[] = []

  let transitions: RuleTransition[] = []
  let quarantine: QuarantineEntry[] = []
  let unsure: UnsureReading[] = []
  /** The one reading being looked at; nothing keeps it. */
  const reading = { observedAtMs: 0, receivedAtMs: 0, seq: -1, flags: 0, values: kindRuntimes[0]!.values }
  const fault: Faults = { reason: 'unparseable', field: undefined }
  const onEdge = (transition: RuleTransition) => void transitions.push(transition)
  const noEdge = () => undefined

  function sourceOf(deviceId: string, kindId: string): Source {
    let ofDevice = sourcesByDevice.get(deviceId)
    if (!ofDevice) {
      ofDevice = new Map()
      sourcesByDevice.set(deviceId, ofDevice)
    }
    const known = ofDevice.get(kindId)
    if (known) return known
    const kindNo = kindNoById.get(kindId)!
    const { kind, fieldCount } = kindRuntimes[kindNo]!
    const source = createSource({ deviceId, kind, kindNo, account: ledger.account(deviceId), fieldCount })
    source.setRules(ruleBook.forSource(deviceId, kindId))
    ofDevice.set(kindId, source)
    return source
  }

  function numberedSource(no: number): Source {
    const known = sourceByNo[no]
    if (known) return known
    const { deviceId, kindId } = announced[no]!
    const source = sourceOf(deviceId, kindId)
    sourceByNo[no] = source
    return source
  }

  function* allSources(): Generator<Source> {
    for (const ofDevice of sourcesByDevice.values()) yield* ofDevice.values()
  }

  // --- one message -----------------------------------------------------------------------------------------------

  /** What a message may do when it is bad differs: a live one goes to quarantine, a replayed one stays there. */
  type OnBad = (account: LedgerAccount, kindId: string, payload: Uint8Array | string, receivedAtMs: number) => void

  function acceptMessage(
    source: Source,
    text: string,
    payload: Uint8Array | string,
    receivedAtMs: number,
    onBad: OnBad,
  ) {
    const { account, kind } = source
    account.lastReceivedAtMs = receivedAtMs
    const decoded = decodePayload(text, receivedAtMs)
    if (decoded.type === 'one') {
      acceptCandidate(source, decoded.candidate, payload, receivedAtMs, onBad)
      return
    }
    if (decoded.type === 'bad') {
      received(account)
      refuse(decoded.reason, undefined)
      onBad(account, kind.id, payload, receivedAtMs)
      return
    }
    for (const candidate of decoded.candidates) {
      if (isRecord(candidate)) {
        acceptCandidate(source, candidate, undefined, receivedAtMs, onBad)
      } else {
        received(account)
        refuse('not-a-reading', undefined)
        onBad(account, kind.id, JSON.stringify(candidate), receivedAtMs)
      }
    }
  }

  function received(account: LedgerAccount): void {
    account.received++
    counts.received++
  }

  function refuse(reason: QuarantineReason, field: string | undefined): false {
    fault.reason = reason
    fault.field = field
    return false
  }

  function acceptCandidate(
    source: Source,
    candidate: Record<string, unknown>,
    payload: Uint8Array | string | undefined,
    receivedAtMs: number,
    onBad: OnBad,
  ): void {
    received(source.account)
    if (!readCandidate(source, candidate, receivedAtMs)) {
      onBad(source.account, source.kind.id, payload ?? JSON.stringify(candidate), receivedAtMs)
      return
    }
    switch (source.novelty(reading.observedAtMs, reading.seq)) {
      case 'newest':
        storeReading(source, reading, true)
        break
      case 'late':
        storeReading(source, reading, false)
        break
      case 'duplicate':
        countDuplicate(source.account)
        break
      case 'unsure':
        unsure.push({ ...reading, values: reading.values.slice(), source })
    }
  }

  /** Fills `reading` from a candidate. @returns false with `fault` set when it is no good */
  function readCandidate(source: Source, candidate: Record<string, unknown>, receivedAtMs: number): boolean {
    const { ts, seq } = candidate
    reading.receivedAtMs = receivedAtMs
    reading.observedAtMs = ts === undefined ? receivedAtMs : parseObservedAt(ts)
    reading.flags = ts === undefined ? 1 : 0
    if (Number.isNaN(reading.observedAtMs)) return refuse('bad-time', 'ts')
    if (reading.observedAtMs > clockMs + limits.aheadMsMax) return refuse('time-too-far-ahead', 'ts')
    if (reading.observedAtMs < receivedAtMs - limits.ageMsMax) return refuse('time-too-old', 'ts')
    if (seq === undefined) reading.seq = -1
    else if (Number.isSafeInteger(seq) && (seq as number) >= 0) reading.seq = seq as number
    else return refuse('bad-sequence', 'seq')
    const { check, values } = kindRuntimes[source.kindNo]!
    reading.values = values
    const reason = check.check(candidate, values)
    if (reason) return refuse(reason, check.faultyField)
    let keys = 0
    for (const _ in candidate) keys++
    counts.unknownFields += keys - check.presentCount - (ts === undefined ? 0 : 1) - (seq === undefined ? 0 : 1)
    return true
  }

  function storeReading(source: Source, accepted: AcceptedReading, isNewest: boolean): void {
    kindRuntimes[source.kindNo]!.builder.add(source.account.deviceNo, accepted)
    source.accept(accepted, isNewest, onEdge)
    source.account.stored++
    counts.stored++
    if (!isNewest) {
      source.account.late++
      counts.late++
    } else if (!source.isDirty) {
      source.isDirty = true
      changed.push(source)
    }
  }

  function countDuplicate(account: LedgerAccount): void {
    ledger.count(account, 'duplicate')
    counts.duplicate++
  }

  const quarantineMessage: OnBad = (account, kindId, payload, receivedAtMs) => {
    addToQuarantine(account, topics.telemetry(account.deviceId, kindId), payload, receivedAtMs)
  }

  function addToQuarantine(account: LedgerAccount, topic: string, payload: Uint8Array | string, receivedAtMs: number) {
    ledger.count(account, 'quarantined')
    counts.quarantined++
    quarantine.push({
      id: ++quarantineId,
      deviceId: account.deviceId,
      topic,
      reason: fault.reason,
      field: fault.field,
      receivedAtMs,
      // A copy: the frame's bytes go back to be filled again.
      payload: typeof payload === 'string' ? Buffer.from(payload) : payload.slice(),
    })
  }

  // --- one frame -------------------------------------------------------------------------------------------------

  function acceptFrame(frame: TelemetryFrame): void {
    clockMs = now()
    for (const { deviceId, count } of frame.rejected) {
      const account = ledger.account(deviceId)
      account.received += count
      counts.received += count
      counts.rejected += count
      ledger.count(account, 'rejected', count)
    }
    const byteCount = frame.count === 0 ? 0 : frame.payloadEnd[frame.count - 1]!
    const bytes = Buffer.from(frame.bytes.buffer, frame.bytes.byteOffset, byteCount)
    // One decoding for all: where every byte is ASCII, byte offsets are string offsets.
    const text = bytes.toString('latin1')
    const isPlain = isAscii(bytes)
    let stray = 0
    let start = 0
    for (let i = 0; i < frame.count; i++) {
      const end = frame.payloadEnd[i]!
      const payload = bytes.subarray(start, end)
      const receivedAtMs = frame.receivedAtMs[i]!
      const no = frame.sourceNo[i]!
      if (no >= 0) {
        const own = isPlain ? text.substring(start, end) : bytes.toString('utf8', start, end)
        acceptMessage(numberedSource(no), own, payload, receivedAtMs, quarantineMessage)
      } else {
        const { deviceId, topic } = frame.strays[stray++]!
        const account = ledger.account(deviceId)
        account.lastReceivedAtMs = receivedAtMs
        received(account)
        refuse('unknown-kind', undefined)
        addToQuarantine(account, topic, payload, receivedAtMs)
      }
      start = end
    }
  }

  /** Asks the store about readings older than what is remembered, then treats each as late or as known. */
  async function settleUnsure(): Promise<void> {
    if (unsure.length === 0) return
    const asked = unsure
    unsure = []
    for (const { kind } of kindRuntimes) {
      const ofKind = asked.filter((candidate) => candidate.source.kind === kind)
      if (ofKind.length === 0) continue
      const found = await options.findStored(toKeys(kind.id, ofKind))
      // The store cannot know this frame's own readings yet.
      const seenHere = keysOf(kindRuntimes[kindNoById.get(kind.id)!]!.builder.columns())
      ofKind.forEach((candidate, i) => {
        const key = keyOf(candidate.source.account.deviceNo, candidate.observedAtMs, candidate.seq)
        if (found[i] === 1 || seenHere.has(key)) countDuplicate(candidate.source.account)
        else storeReading(candidate.source, candidate, false)
        seenHere.add(key)
      })
    }
  }

  function seal(quarantineLeft: readonly number[]): Prepared {
    batchNo++
    const used: { runtime: KindRuntime; builder: ColumnBuilder }[] = []
    const readings: ReadingColumns[] = []
    for (const runtime of kindRuntimes) {
      if (runtime.builder.count === 0) continue
      used.push({ runtime, builder: runtime.builder })
      readings.push(runtime.builder.columns())
      runtime.builder = runtime.spare.pop() ?? createColumnBuilder(runtime.kind.id, runtime.fieldCount)
    }
    const snapshot =
      snapshotAppliedTo === undefined ? undefined : { body: saveState(), transitionsAppliedTo: snapshotAppliedTo }
    snapshotAppliedTo = undefined
    const batch: WriteBatch = {
      batchNo,
      newDevices: ledger.takeNewDevices(),
      readings,
      quarantine,
      quarantineLeft,
      ledger: ledger.takeDeltas(),
      transitions,
      snapshot,
    }
    quarantine = []
    transitions = []
    return {
      batch,
      release() {
        for (const { runtime, builder } of used) {
          builder.clear()
          runtime.spare.push(builder)
        }
      },
    }
  }

  function saveState(): string {
    const sources: SavedSource[] = []
    for (const source of allSources()) if (source.latest.observedAtMs > 0) sources.push(source.save())
    return JSON.stringify({ version: 1, sources, ledger: ledger.save() })
  }

  return {
    ledger,
    counts,
    allSources,
    async recover(recovered) {
      startedAtMs = now()
      sourcesByDevice = new Map()
      sourceByNo = []
      changed = []
      transitions = []
      quarantine = []
      unsure = []
      for (const runtime of kindRuntimes) runtime.builder.clear()
      const saved = recovered.snapshot
        ? (JSON.parse(recovered.snapshot) as { sources: SavedSource[]; ledger: unknown[] })
        : { sources: [], ledger: [] }
      ledger.load(recovered.devices, saved.ledger)
      for (const source of saved.sources) {
        const account = ledger.accountByNo(source.deviceNo)
        if (account && kindNoById.has(source.kindId)) sourceOf(account.deviceId, source.kindId).load(source)
      }
      for await (const columns of recovered.readings) replayColumns(columns)
      ledger.replay(recovered.ledger)
      batchNo = recovered.batchNoMax
      quarantineId = recovered.quarantineIdMax
      changed = [...allSources()].filter((source) => source.latest.observedAtMs > 0)
      for (const source of changed) source.isDirty = true
    },
    announce(sources) {
      for (const source of sources) announced[source.no] = source
    },
    async prepare(frame) {
      if (frame) acceptFrame(frame)
      await settleUnsure()
      return seal([])
    },
    async prepareReplay(messages) {
      clockMs = now()
      const left: number[] = []
      for (const message of messages) {
        const route = parseUpTopic(message.topic)?.route
        if (route?.type !== 'telemetry' || !findKind(route.kindId)) continue
        const source = sourceOf(message.deviceId, route.kindId)
        let isGood = true
        const heardAtMs = source.account.lastReceivedAtMs
        acceptMessage(source, Buffer.from(message.payload).toString('utf8'), '', message.receivedAtMs, (account) => {
          isGood = false
          account.received--
          counts.received--
        })
        source.account.lastReceivedAtMs = heardAtMs
        if (!isGood) continue
        // It was received when it came; now it leaves one outcome for another.
        source.account.received--
        counts.received--
        ledger.count(source.account, 'quarantined', -1)
        left.push(message.id)
      }
      await settleUnsure()
      return { ...seal(left), replayed: left.length }
    },
    setRules(rules) {
      ruleBook = createRuleBook(rules)
      for (const source of allSources()) source.setRules(ruleBook.forSource(source.deviceId, source.kind.id))
    },
    markFiring(open) {
      for (const { ruleId, deviceId, kind } of open) sourcesByDevice.get(deviceId)?.get(kind)?.markFiring(ruleId)
    },
    tick(nowMs) {
      for (const source of allSources()) {
        if (source.latest.observedAtMs > 0) source.tick(nowMs, startedAtMs, onEdge)
      }
    },
    requestSnapshot(transitionsAppliedTo) {
      snapshotAppliedTo = transitionsAppliedTo
    },
    takeChangedSources() {
      const taken = changed
      changed = []
      for (const source of taken) source.isDirty = false
      return taken
    },
    get hasPendingWork() {
      return transitions.length > 0 || ledger.hasPending || snapshotAppliedTo !== undefined
    },
  }

  /** Brings a source's memory up to what the store holds. The rules' edges were told when the readings came. */
  function replayColumns(columns: ReadingColumns): void {
    const kindNo = kindNoById.get(columns.kind)
    if (kindNo === undefined) return
    const { fieldCount, values } = kindRuntimes[kindNo]!
    reading.values = values
    for (let i = 0; i < columns.count; i++) {
      const account = ledger.accountByNo(columns.deviceNo[i]!)
      if (!account) continue
      const source = sourceOf(account.deviceId, columns.kind)
      reading.observedAtMs = columns.observedAtMs[i]!
      reading.receivedAtMs = columns.receivedAtMs[i]!
      reading.seq = columns.seq[i]!
      reading.flags = columns.flags[i]!
      for (let f = 0; f < fieldCount; f++) values[f] = columns.fields[f]![i]!
      const isNewest = source.novelty(reading.observedAtMs, reading.seq) === 'newest'
      source.accept(reading, isNewest, noEdge)
      account.received++
      account.stored++
      if (!isNewest) account.late++
      account.lastReceivedAtMs = Math.max(account.lastReceivedAtMs, reading.receivedAtMs)
    }
  }
}

function createKindRuntime(kind: Kind): KindRuntime {
  const fieldCount = fieldNames(kind).length
  return {
    kind,
    check: createValueCheck(kind),
    fieldCount,
    values: new Float64Array(fieldCount),
    builder: createColumnBuilder(kind.id, fieldCount),
    spare: [],
  }
}

function toKeys(kind: string, readings: readonly UnsureReading[]) {
  return {
    kind,
    count: readings.length,
    deviceNo: Int32Array.from(readings, (candidate) => candidate.source.account.deviceNo),
    observedAtMs: Float64Array.from(readings, (candidate) => candidate.observedAtMs),
    seq: Float64Array.from(readings, (candidate) => candidate.seq),
  }
}

function keyOf(deviceNo: number, observedAtMs: number, seq: number): string {
  return `${deviceNo}/${observedAtMs}/${seq}`
}

function keysOf({ count, deviceNo, observedAtMs, seq }: ReadingColumns): Set<string> {
  const keys = new Set<string>()
  for (let i = 0; i < count; i++) keys.add(keyOf(deviceNo[i]!, observedAtMs[i]!, seq[i]!))
  return keys
}
