import { readFileSync } from 'node:fs'
import { createAccounts } from '../../people/index.ts'
import { someRecords } from '../store/records/fixture.ts'
import { anInbox } from '../support/inbox.ts'

export const jwtSecret = 'a secret of the tests, long enough to sign'
export const password = 'correct horse battery'

/** Accounts on a real file, with the cheapest bcrypt there is. */
export async function someAccounts() {
  const fixture = await someRecords()
  const inbox = anInbox()
  const { records, clock } = fixture
  const accounts = createAccounts({ records, now: clock.now, messenger: inbox, jwtSecret, bcryptCost: 4 })
  const accessEvents = fixture.listen('access-changed')
  const admin = await accounts.ensureAdministrator({ email: 'admin@city.example', password })
  const asha = await accounts.createUser({
    email: 'asha@city.example',
    password,
    name: 'Asha',
    role: 'operator',
    by: 'system',
  })
  accessEvents.length = 0
  const signIn = (input: { email?: string; password?: string; clientAddress?: string } = {}) =>
    accounts.signIn({ email: 'asha@city.example', password, clientAddress: '192.0.2.1', ...input })
  return { ...fixture, inbox, accounts, accessEvents, admin, asha, signIn }
}

/** All that lies on the disk of these records. */
export function bytesOf(path: string): Buffer {
  return Buffer.concat([readFileSync(path), readFileSync(`${path}-wal`)])
}
