import type { AccountSettingsChange } from '../../../contracts/account-settings.ts'
import { request } from '../http/client.ts'
import { type Profile, takeUser } from '../session/session.ts'

/** What one changes about oneself. Absent leaves as it is, null takes away. */
export interface ProfileChange extends AccountSettingsChange {
  readonly name?: string
  readonly email?: string
  readonly phone?: string | null
  readonly city?: string | null
  readonly flatNumber?: string | null
}

/** What is shown is what the server answers, never what was asked for. */
export async function saveProfile(change: ProfileChange): Promise<void> {
  takeUser(await request<Profile>('/api/auth/profile', { method: 'PUT', body: change }))
}
