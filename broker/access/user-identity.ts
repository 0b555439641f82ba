import type { BackendUser, BackendUsers } from '../../contracts/ports/backend-users.ts'
import type { Identity } from '../connection.ts'
import {
  badCredentials,
  type Introduction,
  IntroductionRefused,
  identifierRejected,
  notAuthorized,
} from './introduction.ts'
import { userTopics } from './user-topics.ts'

/** Of what the client calls itself, without the account's name before it. */
const clientIdLengthMax = 128

/** No device id has an `@`, every e-mail address does. */
export function isUserName(username: string | undefined): username is string {
  return username?.includes('@') === true
}

/**
 * The client id of a backend user counts within the account: a newer connection ends an older one of the same name
 * [MQTT-3.1.4-2], and no name may reach another account's connection, or a device's.
 */
export function userClientId(options: { readonly username: string; readonly clientId: string }): string {
  return `${options.username}/${options.clientId}`
}

export interface UserIdentityDeps {
  readonly users: BackendUsers
  /** Rises with every change of anybody's access. */
  readonly accessChanges: () => number
}

/** Decides which backend user a client is: the username is an e-mail address, the password an access token. */
export function createIdentifyUser({ users, accessChanges }: UserIdentityDeps) {
  async function verify(email: string, token: string): Promise<BackendUser | undefined> {
    let user: BackendUser | undefined
    let changesBefore: number
    do {
      changesBefore = accessChanges()
      user = await users.verify({ email, token })
      // What was read may have changed while it was on its way here, when there was no connection to end yet.
    } while (user !== undefined && changesBefore !== accessChanges())
    return user
  }

  return async function identifyUser(introduction: Introduction): Promise<Identity> {
    const { username = '', password, clientId, clean, willTopic } = introduction
    const token = password === undefined ? '' : Buffer.from(password).toString('utf8')
    const user = token === '' ? undefined : await verify(username, token)
    if (user === undefined) {
      throw new IntroductionRefused('bad-credentials', badCredentials, 'no valid access token of this account')
    }
    if (userTopics[user.role] === undefined) {
      throw new IntroductionRefused('user-not-allowed', notAuthorized, 'there is nothing here for this role to read')
    }
    if (!clean) throw new IntroductionRefused('session-not-clean', notAuthorized, 'a user needs a clean session')
    if (willTopic !== undefined) {
      throw new IntroductionRefused('will-not-own-status', notAuthorized, 'a user publishes nothing, no will either')
    }
    if (clientId.length - username.length - 1 > clientIdLengthMax) {
      throw new IntroductionRefused(
        'client-id',
        identifierRejected,
        `a client id has up to ${clientIdLengthMax} letters`,
      )
    }
    return { type: 'user', ...user }
  }
}
