import { type Capability, may } from '../../../contracts/access.ts'
import type { Role } from '../../../contracts/roles.ts'
import { useSession } from './session.ts'

export function useOwnRole(): Role | undefined {
  const session = useSession()
  return session.state === 'signed-in' ? session.user.role : undefined
}

/** Whether to offer something. The server decides again at every request; this only spares people a refusal. */
export function useMay(capability: Capability): boolean {
  const role = useOwnRole()
  return role !== undefined && may(role, capability)
}
