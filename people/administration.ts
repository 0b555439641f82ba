import { may } from '../contracts/access.ts'
import { AppError } from '../contracts/errors.ts'
import type { Role } from '../contracts/roles.ts'
import type { Page, Repositories, User, UserChange, UserQuery, UserWithPassword } from '../store/index.ts'
import { passwordLengthMin, staffRoles } from './passwords.ts'
import type { PeopleDeps } from './people-deps.ts'
import { mayGrant } from './ranks.ts'
import type { Identity } from './sessions.ts'

/** What an administrator changes about somebody. Absent leaves as it is; `null` takes away. */
export interface Administration {
  readonly name?: string | undefined
  readonly role?: Role | undefined
  readonly isBanned?: boolean | undefined
  readonly unitNumber?: string | null | undefined
  readonly flatNumber?: string | null | undefined
  readonly isFlatConfirmed?: boolean | undefined
}

/**
 * Care for other people's accounts. What changes access ends or narrows every open session and connection at once.
 * @throws AppError `user-not-found`, `user-erased`, `above-your-role`, `last-administrator`, `password-too-short-for-role`,
 *   `password-needed-for-role`, `no-flat`, `use-your-profile`, `password-too-weak`
 */
export interface UserAdministration {
  getUser(userId: string): Promise<User>
  /** Oldest first. */
  listUsers(query: UserQuery): Promise<Page<User>>
  /** Those who work with alerts and devices. */
  listStaff(): Promise<readonly User[]>
  administer(input: { readonly userId: string; readonly by: Identity; readonly change: Administration }): Promise<User>
  endSessionsOf(input: { readonly userId: string; readonly by: Identity }): Promise<void>
  /** For somebody who lost it. */
  removeSecondFactorOf(input: { readonly userId: string; readonly by: Identity }): Promise<void>
  setRole(options: { readonly userId: string; readonly role: Role; readonly by: string }): Promise<User>
  /** Banning ends every session of the user at once. */
  setBanned(options: { readonly userId: string; readonly banned: boolean; readonly by: string }): Promise<User>
  /** Ends every session of the user. */
  setPassword(options: { readonly userId: string; readonly password: string; readonly by: string }): Promise<void>
}

const administratorRoles: readonly Role[] = ['admin', 'super_admin']

export function createUserAdministration({ records, passwords, now }: PeopleDeps): UserAdministration {
  async function getUser(userId: string): Promise<User> {
    const user = await records.users.get(userId)
    if (!user) throw new AppError('not-found', 'user-not-found', 'there is no such user')
    return user
  }

  /** Each change is a line of its own in the audit trail. */
  async function apply(
    repositories: Repositories,
    user: UserWithPassword,
    { change, by }: { readonly change: Administration; readonly by: string },
  ): Promise<User> {
    const { users, sessions, audit } = repositories
    const subject = `user:${user.id}`
    const { name, role, isBanned, unitNumber, flatNumber, isFlatConfirmed } = change
    const columns: UserChange = {
      ...(name !== undefined && { name }),
      ...(role !== undefined && { role }),
      ...(isBanned !== undefined && { state: isBanned ? 'banned' : 'active' }),
      ...(unitNumber !== undefined && { unitNumber }),
      // Another flat is another claim.
      ...(flatNumber !== undefined && { flatNumber, flatConfirmedAtMs: null }),
      ...(isFlatConfirmed !== undefined && { flatConfirmedAtMs: isFlatConfirmed ? now() : null }),
    }
    if (role !== undefined) assertPasswordFits(user, role)
    const flat = flatNumber === undefined ? user.flatNumber : flatNumber
    // The resident may have written another one since the administrator looked.
    if (isFlatConfirmed === true && (!flat || flatNumber === undefined)) {
      throw new AppError('invalid', 'no-flat', 'name the flat that is confirmed in flatNumber')
    }
    const changed = await users.update(user.id, columns)
    await assertAdministered(users)
    if (isBanned === true) await sessions.revokeAllOf(user.id)
    if (role !== undefined && role !== user.role) {
      await audit.append({ actor: by, action: 'user-role-changed', subject, detail: { from: user.role, role } })
    }
    if (isBanned !== undefined && isBanned !== (user.state === 'banned')) {
      await audit.append({ actor: by, action: isBanned ? 'user-banned' : 'user-unbanned', subject })
    }
    const others = [
      name !== undefined && 'name',
      unitNumber !== undefined && 'unitNumber',
      flatNumber !== undefined && 'flatNumber',
      isFlatConfirmed !== undefined && 'isFlatConfirmed',
    ].filter((field) => field !== false)
    if (others.length > 0)
      await audit.append({ actor: by, action: 'user-changed', subject, detail: { fields: others } })
    return changed
  }

  function change(userId: string, by: string, wanted: Administration, byRole?: Role): Promise<User> {
    return records.transaction(async (repositories) => {
      const user = await findLiving(repositories, userId)
      if (byRole !== undefined) assertWithinRank(byRole, user.role, wanted.role)
      return apply(repositories, user, { change: wanted, by })
    })
  }

  return {
    getUser,
    listUsers: (query) => records.users.list(query),
    listStaff: () => records.users.listByRole(staffRoles),
    administer: ({ userId, by, change: wanted }) => change(userId, by.userId, wanted, by.role),
    endSessionsOf: ({ userId, by }) =>
      records.transaction(async (repositories) => {
        const user = await findLiving(repositories, userId)
        assertWithinRank(by.role, user.role)
        await repositories.sessions.revokeAllOf(userId)
        await repositories.audit.append({ actor: by.userId, action: 'user-sessions-ended', subject: `user:${userId}` })
      }),
    removeSecondFactorOf: ({ userId, by }) =>
      records.transaction(async (repositories) => {
        const user = await findLiving(repositories, userId)
        assertWithinRank(by.role, user.role)
        // An open session alone must not be enough.
        if (userId === by.userId) {
          throw new AppError(
            'conflict',
            'use-your-profile',
            'switch your own second factor off in your profile, with a code',
          )
        }
        await repositories.secondFactors.remove(userId)
        await repositories.audit.append({
          actor: by.userId,
          action: 'second-factor-removed',
          subject: `user:${userId}`,
        })
      }),
    setRole: ({ userId, role, by }) => change(userId, by, { role }),
    setBanned: ({ userId, banned, by }) => change(userId, by, { isBanned: banned }),
    async setPassword({ userId, password, by }) {
      const { role } = await getUser(userId)
      const hashed = await passwords.hash(password, passwordLengthMin(role))
      await records.transaction(async (repositories) => {
        await findLiving(repositories, userId)
        const { users, sessions, audit } = repositories
        await users.update(userId, { password: hashed })
        await sessions.revokeAllOf(userId)
        await audit.append({ actor: by, action: 'user-password-changed', subject: `user:${userId}` })
      })
    },
  }
}

async function findLiving({ users }: Repositories, userId: string): Promise<UserWithPassword> {
  const user = await users.getWithPassword(userId)
  if (user === undefined) throw new AppError('not-found', 'user-not-found', 'there is no such user')
  if (user.state === 'erased') throw new AppError('conflict', 'user-erased', 'the account was erased')
  return user
}

function assertWithinRank(own: Role, other: Role, granted?: Role): void {
  if (mayGrant(own, other) && (granted === undefined || mayGrant(own, granted))) return
  throw new AppError('forbidden', 'above-your-role', 'this is above what your role may change')
}

/** A hash does not tell how long the password is, so that was written down with it. */
function assertPasswordFits({ passwordLength }: UserWithPassword, role: Role): void {
  const lengthMin = passwordLengthMin(role)
  if (passwordLength === undefined && may(role, 'second-factor.use')) {
    throw new AppError('conflict', 'password-needed-for-role', 'this role needs a password; they have to set one first')
  }
  if (passwordLength === undefined || passwordLength >= lengthMin) return
  throw new AppError(
    'conflict',
    'password-too-short-for-role',
    `this role needs a password of ${lengthMin} characters; they have to change theirs first`,
  )
}

/** Checked after the change, in its transaction: nobody can take the last administrator away. */
export async function assertAdministered(users: Repositories['users']): Promise<void> {
  if ((await users.countByRole(administratorRoles)) > 0) return
  throw new AppError('conflict', 'last-administrator', 'somebody else has to be administrator first')
}
