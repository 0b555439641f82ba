import { useEffect, useSyncExternalStore } from 'react'
import { request } from '../http/client.ts'
import { useMay } from './permissions.ts'
import { useSession } from './session.ts'
import { createStaffNames, type StaffMember } from './staff-names.ts'

const staff = createStaffNames({
  ask: async () => (await request<{ readonly items: readonly StaffMember[] }>('/api/staff')).items,
  now: Date.now,
})

/** Called when nobody is signed in any more. */
export const forgetStaff = staff.forget

/** A user's id as people read it: oneself is `you`, the pipeline is `the rule`, a colleague has a name. */
export function useNameOfUser(): (userId: string) => string {
  const session = useSession()
  const mayAsk = useMay('staff.read')
  useSyncExternalStore(staff.subscribe, staff.version)
  // After each drawing, as that is what meets the ids.
  useEffect(() => {
    if (mayAsk) staff.lookUp()
  })
  const own = session.state === 'signed-in' ? session.user.id : undefined
  return (userId) => {
    if (userId === own) return 'you'
    return userId === 'rule' ? 'the rule' : (staff.nameOf(userId) ?? userId)
  }
}
