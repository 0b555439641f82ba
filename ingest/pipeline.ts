import { isAscii } from 'node:buffer'
import type { RuleTransition, WatchedRule } from '../contracts/alert.ts'
import type { ReadingColumns, Recovered, TimeSeriesWriter } from '../contracts/ports/time-series.ts'
import type { QuarantinedMessage } from '../contracts/reading.ts'
import { parseUpTopic, topics } from '../contracts/topics.ts'
import { createBatchDraft, type Prepared } from './batch-draft.ts'
import { createCandidateReader } from './candidate-reader.ts'
import { decodePayload, isRecord } from './decode.ts'
import type { FrameSource, TelemetryFrame } from './frame.ts'
import { createKindTable } from './kind-runtime.ts'
import { createLedger, type Ledger, type LedgerAccount } from './ledger.ts'
import { defaultTimeLimits, type TimeLimits } from './observed-time.ts'
import type { OpenAlert } from './protocol.ts'
import type { AcceptedReading, SavedSource, Source } from './source.ts'
import { createSourceTable } from './source-table.ts'

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
  setRules(rules: readonly WatchedRule[]): void
  markFiring(open: readonly OpenAlert[]): void
  tick(nowMs: number): void
  /** Takes a transition that was not seen in a reading; durable with the next batch. */
  note(transition: RuleTransition): void
  /** Asks for a snapshot with the next batch. */
  requestSnapshot(transitionsAppliedTo: number): void
  takeChangedSources(): Source[]
  /** Work that waits for a batch although no message does. */
  readonly hasPendingWork: boolean
  readonly ledger: Ledger
  readonly counts: Readonly<PipelineCounts>
  readonly unknownFields: number
}

interface UnsureReading extends AcceptedReading {
  readonly source: Source
}

/** What becomes of a bad message: a live one goes to quarantine, a replayed one stays there. */
type OnBad = (account: LedgerAccount, kindId: string, payload: Uint8Array | string, receivedAtMs: number) => void

export function createPipeline({ findStored, timeLimits = defaultTimeLimits, now }: PipelineOptions): Pipeline {
  const kinds = createKindTable()
  const ledger = createLedger()
  const sources = createSourceTable({ kinds, ledger })
  const draft = createBatchDraft({ kinds, ledger })
  const reader = createCandidateReader(timeLimits)
  const { reading, fault } = reader
  const counts: PipelineCounts = { received: 0, stored: 0, duplicate: 0, quarantined: 0, rejected: 0, late: 0 }
  let startedAtMs = now()
  let clockMs = startedAtMs
  let snapshotAppliedTo: number | undefined
  let changed: Source[] = []
  let unsure: UnsureReading[] = []

  // --- one message -----------------------------------------------------------------------------------------------

  function acceptMessage(
    source: Source,
    text: string,
    payload: Uint8Array | string,
    receivedAtMs: number,
    onBad: OnBad,
  ): void {
    const { account, kind } = source
    account.lastReceivedAtMs = receivedAtMs
    const decoded = decodePayload(text, receivedAtMs)
    if (decoded.type === 'one') {
      acceptCandidate(source, decoded.candidate, payload, receivedAtMs, onBad, false)
      return
    }
    if (decoded.type === 'bad') {
      countReceived(account)
      reader.refuse(decoded.reason)
      onBad(account, kind.id, payload, receivedAtMs)
      return
    }
    for (const candidate of decoded.candidates) {
      if (isRecord(candidate)) {
        acceptCandidate(source, candidate, payload, receivedAtMs, onBad, true)
      } else {
        countReceived(account)
        reader.refuse('not-a-reading')
        onBad(account, kind.id, textOf(candidate) ?? payload, receivedAtMs)
      }
    }
  }

  /** @param isMember of an array: then it is quarantined alone, not with the array */
  function acceptCandidate(
    source: Source,
    candidate: Record<string, unknown>,
    payload: Uint8Array | string,
    receivedAtMs: number,
    onBad: OnBad,
    isMember: boolean,
  ): void {
    countReceived(source.account)
    if (!reader.read(candidate, { kind: kinds.all[source.kindNo]!, receivedAtMs, clockMs })) {
      onBad(source.account, source.kind.id, (isMember ? textOf(candidate) : undefined) ?? payload, receivedAtMs)
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

  function countReceived(account: LedgerAccount): void {
    account.received++
    counts.received++
  }

  function storeReading(source: Source, accepted: AcceptedReading, isNewest: boolean): void {
    draft.addReading(source, accepted)
    source.accept(accepted, isNewest, draft.addTransition)
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

  const quarantineMessage: OnBad = (account, kindId, payload, receivedAtMs) =>
    quarantine(account, topics.telemetry(account.deviceId, kindId), payload, receivedAtMs)

  function quarantine(account: LedgerAccount, topic: string, payload: Uint8Array | string, receivedAtMs: number): void {
    ledger.count(account, 'quarantined')
    counts.quarantined++
    // A copy: the frame's bytes go back to be filled again.
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload.slice()
    draft.addQuarantine({ deviceId: account.deviceId, topic, ...fault, receivedAtMs, payload: bytes })
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
        acceptMessage(sources.numbered(no), own, payload, receivedAtMs, quarantineMessage)
      } else {
        const { deviceId, topic } = frame.strays[stray++]!
        const account = ledger.account(deviceId)
        account.lastReceivedAtMs = receivedAtMs
        countReceived(account)
        reader.refuse('unknown-kind')
        quarantine(account, topic, payload, receivedAtMs)
      }
      start = end
    }
  }

  /** Asks the store about readings older than what is remembered, then treats each as late or as known. */
  async function settleUnsure(): Promise<void> {
    if (unsure.length === 0) return
    const asked = unsure
    unsure = []
    for (const { kind, no } of kinds.all) {
      const ofKind = asked.filter((candidate) => candidate.source.kindNo === no)
      if (ofKind.length === 0) continue
      const found = await findStored(toKeys(kind.id, ofKind))
      // The store cannot know this frame's own readings yet.
      const seenHere = keysOf(draft.columns(no))
      ofKind.forEach((candidate, i) => {
        const key = keyOf(candidate.source.account.deviceNo, candidate.observedAtMs, candidate.seq)
        if (found[i] === 1 || seenHere.has(key)) countDuplicate(candidate.source.account)
        else storeReading(candidate.source, candidate, false)
        seenHere.add(key)
      })
    }
  }

  function seal(quarantineLeft: readonly number[]): Prepared {
    const snapshot =
      snapshotAppliedTo === undefined ? undefined : { body: saveState(), transitionsAppliedTo: snapshotAppliedTo }
    snapshotAppliedTo = undefined
    return draft.seal({ quarantineLeft, snapshot })
  }

  const saveState = () => JSON.stringify({ version: 1, sources: sources.save(), ledger: ledger.save() })

  /** @returns true when all of the message is good now; then it leaves quarantine */
  function replay(message: QuarantinedMessage): boolean {
    const route = parseUpTopic(message.topic)?.route
    if (route?.type !== 'telemetry' || !kinds.find(route.kindId)) return false
    const source = sources.of(message.deviceId, route.kindId)
    const { account } = source
    const { lastReceivedAtMs } = account
    let isGood = true
    acceptMessage(source, Buffer.from(message.payload).toString('utf8'), '', message.receivedAtMs, () => {
      isGood = false
      account.received--
      counts.received--
    })
    account.lastReceivedAtMs = lastReceivedAtMs
    if (!isGood) return false
    // It was received when it came; now it leaves one outcome for another.
    account.received--
    counts.received--
    ledger.count(account, 'quarantined', -1)
    return true
  }

  /** Brings a source's memory up to what the store holds. The rules' edges were told when the readings came. */
  function replayColumns(columns: ReadingColumns): void {
    const kind = kinds.find(columns.kind)
    if (!kind) return
    reading.values = kind.values
    for (let i = 0; i < columns.count; i++) {
      const account = ledger.accountByNo(columns.deviceNo[i]!)
      if (!account) continue
      const source = sources.of(account.deviceId, columns.kind)
      reading.observedAtMs = columns.observedAtMs[i]!
      reading.receivedAtMs = columns.receivedAtMs[i]!
      reading.seq = columns.seq[i]!
      reading.flags = columns.flags[i]!
      for (let f = 0; f < kind.fieldCount; f++) kind.values[f] = columns.fields[f]![i]!
      const isNewest = source.novelty(reading.observedAtMs, reading.seq) === 'newest'
      source.accept(reading, isNewest, ignoreEdge)
      account.received++
      account.stored++
      if (!isNewest) account.late++
      account.lastReceivedAtMs = Math.max(account.lastReceivedAtMs, reading.receivedAtMs)
    }
  }

  return {
    ledger,
    counts,
    get unknownFields() {
      return reader.unknownFields
    },
    async recover(recovered) {
      startedAtMs = now()
      sources.clear()
      unsure = []
      draft.reset({ batchNo: recovered.batchNoMax, quarantineId: recovered.quarantineIdMax })
      const saved = recovered.snapshot ? (JSON.parse(recovered.snapshot) as SavedState) : { sources: [], ledger: [] }
      ledger.load(recovered.devices, saved.ledger)
      sources.load(saved.sources)
      for await (const columns of recovered.readings) replayColumns(columns)
      ledger.replay(recovered.ledger)
      changed = [...sources.all()].filter((source) => source.hasReading)
      for (const source of changed) source.isDirty = true
    },
    announce: sources.announce,
    async prepare(frame) {
      if (frame) acceptFrame(frame)
      await settleUnsure()
      return seal([])
    },
    async prepareReplay(messages) {
      clockMs = now()
      const left = messages.filter(replay).map(({ id }) => id)
      await settleUnsure()
      return { ...seal(left), replayed: left.length }
    },
    setRules: sources.setRules,
    markFiring: sources.markFiring,
    tick: (nowMs) => sources.tick(nowMs, startedAtMs, draft.addTransition),
    note: draft.addTransition,
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
      return draft.hasTransitions || ledger.hasPending || snapshotAppliedTo !== undefined
    },
  }
}

interface SavedState {
  readonly sources: readonly SavedSource[]
  readonly ledger: readonly unknown[]
}

function ignoreEdge(): void {}

/** @returns undefined for what is nested so deeply that it can be parsed but not written again */
function textOf(candidate: unknown): string | undefined {
  try {
    return JSON.stringify(candidate)
  } catch {
    return undefined
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
