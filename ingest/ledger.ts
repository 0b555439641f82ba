import type { LedgerDelta } from '../contracts/ports/time-series.ts'
import type { LedgerLine } from '../contracts/reading.ts'

/** One device's counts. `received` is counted where readings come in, the outcomes where they end up. */
export interface LedgerAccount {
  readonly deviceNo: number
  readonly deviceId: string
  received: number
  stored: number
  duplicate: number
  quarantined: number
  rejected: number
  late: number
  lastReceivedAtMs: number
  /** Outcomes without a stored row since the last batch; they travel with the next one. */
  pendingDuplicate: number
  pendingQuarantined: number
  pendingRejected: number
  hasPending: boolean
}

export interface Ledger {
  account(deviceId: string): LedgerAccount
  accountByNo(deviceNo: number): LedgerAccount | undefined
  count(account: LedgerAccount, outcome: 'duplicate' | 'quarantined' | 'rejected', by?: number): void
  /** Devices first seen since the last call. */
  takeNewDevices(): { no: number; id: string }[]
  takeDeltas(): LedgerDelta[]
  readonly hasPending: boolean
  lines(query: { deviceId?: string; after?: string; limit: number }): LedgerLine[]
  totals(): Omit<LedgerLine, 'deviceId' | 'lastReceivedAtMs'> & { deviceCount: number }
  save(): unknown[]
  load(devices: readonly { no: number; id: string }[], saved: readonly unknown[]): void
  replay(deltas: readonly LedgerDelta[]): void
}

const savedOrder = ['received', 'stored', 'duplicate', 'quarantined', 'rejected', 'late', 'lastReceivedAtMs'] as const

export function createLedger(): Ledger {
  const byId = new Map<string, LedgerAccount>()
  const byNo: LedgerAccount[] = []
  let newDevices: { no: number; id: string }[] = []
  let pending: LedgerAccount[] = []

  function open(deviceNo: number, deviceId: string): LedgerAccount {
    const account: LedgerAccount = {
      deviceNo,
      deviceId,
      received: 0,
      stored: 0,
      duplicate: 0,
      quarantined: 0,
      rejected: 0,
      late: 0,
      lastReceivedAtMs: 0,
      pendingDuplicate: 0,
      pendingQuarantined: 0,
      pendingRejected: 0,
      hasPending: false,
    }
    byId.set(deviceId, account)
    byNo[deviceNo] = account
    return account
  }

  return {
    account(deviceId) {
      const known = byId.get(deviceId)
      if (known) return known
      const no = Math.max(1, byNo.length)
      newDevices.push({ no, id: deviceId })
      return open(no, deviceId)
    },
    accountByNo: (deviceNo) => byNo[deviceNo],
    count(account, outcome, by = 1) {
      account[outcome] += by
      if (outcome === 'duplicate') account.pendingDuplicate += by
      else if (outcome === 'quarantined') account.pendingQuarantined += by
      else account.pendingRejected += by
      if (account.hasPending) return
      account.hasPending = true
      pending.push(account)
    },
    takeNewDevices() {
      const taken = newDevices
      newDevices = []
      return taken
    },
    get hasPending() {
      return pending.length > 0
    },
    takeDeltas() {
      const deltas = pending.map((account) => {
        const delta = {
          deviceNo: account.deviceNo,
          duplicate: account.pendingDuplicate,
          quarantined: account.pendingQuarantined,
          rejected: account.pendingRejected,
        }
        account.pendingDuplicate = account.pendingQuarantined = account.pendingRejected = 0
        account.hasPending = false
        return delta
      })
      pending = []
      return deltas
    },
    lines({ deviceId, after, limit }) {
      if (deviceId !== undefined) {
        const account = byId.get(deviceId)
        return account ? [toLine(account)] : []
      }
      const ids = [...byId.keys()].filter((id) => after === undefined || id > after).sort()
      return ids.slice(0, limit).map((id) => toLine(byId.get(id)!))
    },
    totals() {
      const sum = { received: 0, stored: 0, duplicate: 0, quarantined: 0, rejected: 0, late: 0, deviceCount: byId.size }
      for (const account of byId.values()) {
        sum.received += account.received
        sum.stored += account.stored
        sum.duplicate += account.duplicate
        sum.quarantined += account.quarantined
        sum.rejected += account.rejected
        sum.late += account.late
      }
      return sum
    },
    save: () => [...byId.values()].map((account) => [account.deviceNo, ...savedOrder.map((key) => account[key])]),
    load(devices, saved) {
      byId.clear()
      byNo.length = 0
      newDevices = []
      pending = []
      for (const { no, id } of devices) open(no, id)
      for (const line of saved as number[][]) {
        const account = byNo[line[0]!]
        if (!account) continue
        for (const [i, key] of savedOrder.entries()) account[key] = line[i + 1]!
      }
    },
    replay(deltas) {
      for (const { deviceNo, duplicate, quarantined, rejected } of deltas) {
        const account = byNo[deviceNo]
        if (!account) continue
        account.duplicate += duplicate
        account.quarantined += quarantined
        account.rejected += rejected
        account.received += duplicate + quarantined + rejected
      }
    },
  }
}

function toLine(account: LedgerAccount): LedgerLine {
  const { deviceId, received, stored, duplicate, quarantined, rejected, late, lastReceivedAtMs } = account
  return { deviceId, received, stored, duplicate, quarantined, rejected, late, lastReceivedAtMs }
}
