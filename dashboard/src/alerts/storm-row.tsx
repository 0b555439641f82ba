import { type ReactNode, useState } from 'react'
import type { Alert } from '../../../contracts/alert.ts'
import { findKind } from '../../../contracts/kinds/index.ts'
import { formatCount } from '../ui/format.ts'
import { Mark } from '../ui/mark.tsx'
import { Age } from '../ui/time.tsx'
import { isQuiet } from './alert-row.tsx'

interface StormRowProps {
  /** The gravest first, as in the list. */
  readonly members: readonly Alert[]
  readonly hasChosen: boolean
  /** The rows of the members. */
  readonly children: ReactNode
}

/** Many alerts as one line; opened by hand, and by choosing one of them. */
export function StormRow({ members, hasChosen, children }: StormRowProps) {
  const [isOpen, setOpen] = useState(false)
  const first = members[0]!
  const firing = members.filter(({ state }) => state === 'firing').length
  const quiet = members.filter(isQuiet).length
  const shown = isOpen || hasChosen
  return (
    <li>
      <button type="button" className="alert-row" aria-expanded={shown} onClick={() => setOpen(!shown)}>
        <Mark name={first.severity} />
        <span className="alert-text">
          <strong>
            {formatCount(members.length)} alerts of {findKind(first.kind)?.label ?? first.kind} in one area
          </strong>
          <span className="muted">{first.message}</span>
        </span>
        <span className="alert-when muted">
          <span>{formatCount(firing)} firing</span>
          {quiet > 0 && <span className="quiet-note">{formatCount(quiet)} quiet</span>}
          <Age atMs={Math.min(...members.map(({ raisedAtMs }) => raisedAtMs))} />
        </span>
      </button>
      {shown && <ul className="plain storm-members">{children}</ul>}
    </li>
  )
}
