import type { Role } from '../../../contracts/roles.ts'
import { useSession } from './session.ts'

const dispatchers: readonly Role[] = ['operator', 'admin', 'super_admin']
const administrators: readonly Role[] = ['admin', 'super_admin']

/** What to offer. The server decides again at every request; this only spares people buttons that would be refused. */
const offered = {
  'act on alerts': dispatchers,
  'replay quarantine': dispatchers,
  'purge quarantine': administrators,
} as const

export function useMay(action: keyof typeof offered): boolean {
  const session = useSession()
  return session.state === 'signed-in' && offered[action].includes(session.user.role)
}

/** A user's id as people read it: oneself is `you`, the pipeline is `the rule`. */
export function useNameOfUser(): (userId: string) => string {
  const session = useSession()
  const own = session.state === 'signed-in' ? session.user.id : undefined
  return (userId) => {
    if (userId === own) return 'you'
    return userId === 'rule' ? 'the rule' : userId
  }
}
