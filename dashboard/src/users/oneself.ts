import type { Role } from '../../../contracts/roles.ts'
import { useSession } from '../session/session.ts'

/** Who is signed in here; undefined only while nobody is. */
export function useOneself(): { readonly id: string; readonly role: Role } | undefined {
  const session = useSession()
  return session.state === 'signed-in' ? session.user : undefined
}
