import { request } from '../http/client.ts'
import { type Profile, takeUser } from '../session/session.ts'
import type { ProfileChange } from './profile-edit.ts'

/** What is shown is what the server answers, never what was asked for. */
export async function saveProfile(change: ProfileChange): Promise<void> {
  takeUser(await request<Profile>('/api/auth/profile', { method: 'PUT', body: change }))
}
