import type { DeviceReport } from './device-run.ts'
import { nothing, type Outcome, outcomeNames } from './step.ts'

/** A device's part of the server's ledger; counts since the device was first seen. */
export interface LedgerCounts extends Outcome {
  readonly received: number
}

export interface ReconciledLine {
  readonly deviceId: string
  readonly kind: string
  readonly sent: number
  readonly acknowledged: number
  readonly expected: Outcome
  /** How much more of each the server may rightly have counted, because of resends. */
  readonly allowance: Outcome
  /** What the server counted during the run. */
  readonly counted: LedgerCounts
  /** Empty when everything is accounted for. */
  readonly differences: readonly string[]
}

const noCounts: LedgerCounts = { ...nothing, received: 0 }

/**
 * Holds what was sent against what the server says it received, device by device. Stored and rejected must match
 * exactly; duplicates and quarantined messages may exceed the plan only by what was verifiably sent again.
 */
export function reconcile(options: {
  readonly reports: readonly DeviceReport[]
  readonly before: ReadonlyMap<string, LedgerCounts>
  readonly after: ReadonlyMap<string, LedgerCounts>
}): ReconciledLine[] {
  const { reports, before, after } = options
  return reports.map((report) => {
    const counted = subtract(after.get(report.deviceId) ?? noCounts, before.get(report.deviceId) ?? noCounts)
    const { stored, duplicate, quarantined } = report.resent
    const allowance: Outcome = { stored: 0, duplicate: stored + duplicate, quarantined, rejected: 0 }
    const { deviceId, kind, sent, acknowledged, expected } = report
    const line = { deviceId, kind, sent, acknowledged, expected, allowance, counted }
    return { ...line, differences: differencesOf(line) }
  })
}

function differencesOf(line: Omit<ReconciledLine, 'differences'>): string[] {
  const { expected, allowance, counted } = line
  const differences = outcomeNames.flatMap((name) => {
    const surplus = counted[name] - expected[name]
    if (surplus >= 0 && surplus <= allowance[name]) return []
    return [`${name}: ${counted[name]} instead of ${describeRange(expected[name], allowance[name])}`]
  })
  const sum = outcomeNames.reduce((total, name) => total + counted[name], 0)
  if (sum !== counted.received) differences.push(`received: ${counted.received}, but the parts add up to ${sum}`)
  if (line.acknowledged !== line.sent)
    differences.push(`${line.sent - line.acknowledged} of ${line.sent} publishes never acknowledged`)
  return differences
}

function describeRange(expected: number, allowance: number): string {
  return allowance === 0 ? `${expected}` : `${expected} to ${expected + allowance}`
}

function subtract(after: LedgerCounts, before: LedgerCounts): LedgerCounts {
  return {
    received: after.received - before.received,
    stored: after.stored - before.stored,
    duplicate: after.duplicate - before.duplicate,
    quarantined: after.quarantined - before.quarantined,
    rejected: after.rejected - before.rejected,
  }
}

/** The table a person reads at the end of a run: one line per device, faults spelled out below their line. */
export function formatReconciliation(lines: readonly ReconciledLine[]): string[] {
  const heading = ['device', 'sent', 'acked', ...outcomeNames, 'received', 'resent', '']
  const rows = lines.map((line) => [
    line.deviceId,
    String(line.sent),
    String(line.acknowledged),
    ...outcomeNames.map((name) => pair(line.expected[name], line.counted[name])),
    String(line.counted.received),
    String(line.allowance.duplicate + line.allowance.quarantined || ''),
    line.differences.length === 0 ? 'ok' : 'DIFFERS',
  ])
  const widths = heading.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]!.length)))
  const format = (cells: readonly string[]) =>
    cells
      .map((cell, at) => (at === 0 || at === cells.length - 1 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!)))
      .join('  ')
      .trimEnd()
  return [
    format(heading),
    ...lines.flatMap((line, at) => [format(rows[at]!), ...line.differences.map((difference) => `    ${difference}`)]),
  ]
}

/** One number where the server agrees with the plan, both where it does not. */
function pair(expected: number, counted: number): string {
  return expected === counted ? `${counted}` : `${expected}→${counted}`
}
