import type { SosState } from '../../../contracts/sos.ts'
import { useNameOfUser } from '../session/use-name-of-user.ts'
import { formatClock, sosStateWords } from './sos-words.ts'

export function SosStateTag({ state }: { state: SosState }) {
  return (
    <span className="unit-state sos-state" data-state={state}>
      {sosStateWords[state]}
    </span>
  )
}

interface ClocksProps {
  readonly sos: { readonly receivedAtMs: number; readonly acknowledgedAtMs?: number | undefined }
  readonly nowMs: number
}

/** Since the press, and how long it took until somebody looked after it. */
export function SosClocks({ sos: { receivedAtMs, acknowledgedAtMs }, nowMs }: ClocksProps) {
  return (
    <span className="sos-clocks">
      <span>
        <span className="muted">since press </span>
        <span className="number">{formatClock(nowMs - receivedAtMs)}</span>
      </span>
      {acknowledgedAtMs !== undefined && (
        <span>
          <span className="muted">acknowledged in </span>
          <span className="number">{formatClock(acknowledgedAtMs - receivedAtMs)}</span>
        </span>
      )}
    </span>
  )
}

const otherActors: Readonly<Record<string, string>> = {
  system: 'Prahari',
  anonymous: 'somebody without an account',
  'control-room': 'the control room',
}

/** Who did something to a case, for people. */
export function useNameOfActor(): (actor: string) => string {
  const nameOf = useNameOfUser()
  return (actor) => {
    if (actor.startsWith('device:')) return `device ${actor.slice('device:'.length)}`
    return otherActors[actor] ?? nameOf(actor)
  }
}
