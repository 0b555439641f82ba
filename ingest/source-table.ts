import type { WatchedRule } from '../contracts/alert.ts'
import type { FrameSource } from './frame.ts'
import type { KindTable } from './kind-runtime.ts'
import type { Ledger } from './ledger.ts'
import type { OpenAlert } from './protocol.ts'
import { createRuleBook, emptyRuleBook, type RuleBook } from './rules/rule-book.ts'
import { createSource, type OnEdge, type SavedSource, type Source } from './source.ts'

/** Every source there is, found by device and kind or by the number the other thread gave it. */
export interface SourceTable {
  of(deviceId: string, kindId: string): Source
  numbered(no: number): Source
  announce(sources: readonly FrameSource[]): void
  all(): Iterable<Source>
  setRules(rules: readonly WatchedRule[]): void
  /** Alerts that are open in the records, whatever the rules' own memory says. */
  markFiring(open: readonly OpenAlert[]): void
  tick(nowMs: number, startedAtMs: number, onEdge: OnEdge): void
  /** Forgets the sources; numbers and rules stay. */
  clear(): void
  save(): SavedSource[]
  load(saved: readonly SavedSource[]): void
}

export function createSourceTable({ kinds, ledger }: { kinds: KindTable; ledger: Ledger }): SourceTable {
  let byDevice = new Map<string, Map<string, Source>>()
  let byNo: Source[] = []
  /** What the numbers mean outlasts a recovery; the sources do not. */
  const announced: FrameSource[] = []
  let ruleBook: RuleBook = emptyRuleBook

  function of(deviceId: string, kindId: string): Source {
    let ofDevice = byDevice.get(deviceId)
    if (!ofDevice) {
      ofDevice = new Map()
      byDevice.set(deviceId, ofDevice)
    }
    const known = ofDevice.get(kindId)
    if (known) return known
    const source = createSource({ deviceId, runtime: kinds.find(kindId)!, account: ledger.account(deviceId) })
    source.setRules(ruleBook.forSource(deviceId, kindId))
    ofDevice.set(kindId, source)
    return source
  }

  function* all(): Generator<Source> {
    for (const ofDevice of byDevice.values()) yield* ofDevice.values()
  }

  return {
    of,
    all,
    numbered(no) {
      const known = byNo[no]
      if (known) return known
      const { deviceId, kindId } = announced[no]!
      const source = of(deviceId, kindId)
      byNo[no] = source
      return source
    },
    announce(sources) {
      for (const source of sources) announced[source.no] = source
    },
    setRules(rules) {
      ruleBook = createRuleBook(rules)
      for (const source of all()) source.setRules(ruleBook.forSource(source.deviceId, source.kind.id))
    },
    markFiring(open) {
      for (const { ruleId, deviceId, kind } of open) byDevice.get(deviceId)?.get(kind)?.markFiring(ruleId)
    },
    tick(nowMs, startedAtMs, onEdge) {
      for (const source of all()) if (source.hasReading) source.tick(nowMs, startedAtMs, onEdge)
    },
    clear() {
      byDevice = new Map()
      byNo = []
    },
    save() {
      const saved: SavedSource[] = []
      for (const source of all()) if (source.hasReading) saved.push(source.save())
      return saved
    },
    load(saved) {
      for (const source of saved) {
        const account = ledger.accountByNo(source.deviceNo)
        if (account && kinds.find(source.kindId)) of(account.deviceId, source.kindId).load(source)
      }
    },
  }
}
