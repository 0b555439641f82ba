import { formatCount } from '../ui/format.ts'
import { Mark } from '../ui/mark.tsx'

export interface LedgerTotals {
  readonly received: number
  readonly stored: number
  readonly duplicate: number
  readonly quarantined: number
  readonly rejected: number
  readonly late: number
}

/** Readings received and not accounted for; anything but 0 is a fault and is said aloud. */
export function missingFrom(totals: LedgerTotals): number {
  return totals.received - totals.stored - totals.duplicate - totals.quarantined - totals.rejected
}

/** received = stored + duplicate + quarantined + rejected, as a sum that can be checked by eye. */
export function LedgerFacts({ totals }: { totals: LedgerTotals }) {
  const missing = missingFrom(totals)
  const terms = ['stored', 'duplicate', 'quarantined', 'rejected'] as const
  return (
    <>
      <dl className="ledger">
        <div>
          <dt>received</dt>
          <dd className="number">{formatCount(totals.received)}</dd>
        </div>
        {terms.map((term, index) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd className="number">
              <span className="ledger-sign" aria-hidden="true">
                {index === 0 ? '=' : '+'}
              </span>
              {formatCount(totals[term])}
            </dd>
          </div>
        ))}
      </dl>
      <p className="row wrap">
        {missing === 0 ? (
          <Mark name="ok" label="Adds up" />
        ) : (
          <Mark
            name="critical"
            label={`Does not add up: ${formatCount(Math.abs(missing))} ${missing > 0 ? 'missing' : 'too many'}`}
          />
        )}
        <span className="muted">{formatCount(totals.late)} of those stored came late</span>
      </p>
    </>
  )
}
