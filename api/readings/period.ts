import { AppError } from '../../contracts/errors.ts'

const dayMs = 86_400_000

/**
 * Event time asked for, `from` inclusive and `to` exclusive: the last day unless told.
 * @throws AppError `empty-period`
 */
export function readPeriod(
  { from, to }: { readonly from?: number | undefined; readonly to?: number | undefined },
  nowMs: number,
): { fromMs: number; toMs: number } {
  // A reading of this very millisecond is asked for too.
  const toMs = to ?? nowMs + 1
  const fromMs = from ?? toMs - dayMs
  if (fromMs < toMs) return { fromMs, toMs }
  throw new AppError('invalid', 'empty-period', '`from` must be before `to`')
}
