import { AppError } from '../../contracts/errors.ts'
import { findKind } from '../../contracts/kinds/index.ts'
import type { Kind } from '../../contracts/kinds/kind.ts'

/** @throws AppError `unknown-kind` */
export function requireKind(id: string): Kind {
  const kind = findKind(id)
  if (kind === undefined) throw new AppError('invalid', 'unknown-kind', 'There is no such kind; /api/kinds lists them')
  return kind
}
