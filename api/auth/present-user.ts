import type { ProfileResource, SessionResource, UserResource } from '../../contracts/http/account.ts'
import type { Accounts, NewSignIn, SignedIn } from '../../people/index.ts'
import type { Records, User } from '../../store/index.ts'
import { toTime, toTimeOrNull } from '../http/inputs.ts'
import { presentContact } from '../users/present-contact.ts'

export interface UserSurroundings {
  readonly accounts: Pick<Accounts, 'phones' | 'hasSecondFactor' | 'settingsOf' | 'listContacts'>
  readonly records: Pick<Records, 'sos'>
}

export async function presentUser(user: User, { accounts }: Pick<UserSurroundings, 'accounts'>): Promise<UserResource> {
  return {
    id: user.id,
    _id: user.id,
    name: user.name,
    email: user.email ?? null,
    phone: user.phone === undefined ? null : accounts.phones.write(user.phone),
    username: user.username ?? null,
    city: user.city ?? null,
    role: user.role,
    flatNumber: user.flatNumber ?? null,
    isFlatConfirmed: user.flatConfirmedAtMs !== undefined,
    unitNumber: user.unitNumber ?? null,
    isEmailVerified: user.emailVerifiedAtMs !== undefined,
    isPhoneVerified: user.phoneVerifiedAtMs !== undefined,
    isActive: user.state === 'active',
    isBanned: user.state === 'banned',
    hasPassword: user.hasPassword,
    hasSecondFactor: await accounts.hasSecondFactor(user.id),
    lastLoginAt: toTimeOrNull(user.signedInAtMs),
    createdAt: toTime(user.createdAtMs),
    updatedAt: toTime(user.updatedAtMs),
  }
}

export async function presentProfile(user: User, surroundings: UserSurroundings): Promise<ProfileResource> {
  const { accounts, records } = surroundings
  return {
    ...(await presentUser(user, surroundings)),
    ...accounts.settingsOf(user),
    pendingEmail: user.pendingEmail ?? null,
    pendingPhone: user.pendingPhone === undefined ? null : accounts.phones.write(user.pendingPhone),
    emergencyContacts: (await accounts.listContacts({ userId: user.id })).map((contact) =>
      presentContact(contact, accounts),
    ),
    circleOfSafety: [],
    stats: {
      sosTriggered: await records.sos.countOfOwner(user.id),
      postsCreated: 0,
      incidentsReported: 0,
      helpfulVotes: 0,
    },
  }
}

type TokenFields = Omit<SessionResource, 'user'>

/** @param signedIn the newest tokens; who has just signed in also gets one that stands for the session */
export async function presentSession(
  signedIn: NewSignIn | SignedIn,
  surroundings: UserSurroundings,
): Promise<SessionResource> {
  return { ...presentTokens(signedIn), user: await presentProfile(signedIn.user, surroundings) }
}

function presentTokens(signedIn: NewSignIn | SignedIn): TokenFields {
  const { accessToken, accessExpiresAtMs, refreshToken } = signedIn
  return {
    token: 'sessionToken' in signedIn ? signedIn.sessionToken : accessToken,
    accessToken,
    access_token: accessToken,
    refreshToken,
    refresh_token: refreshToken,
    expiresAt: toTime(accessExpiresAtMs),
  }
}
