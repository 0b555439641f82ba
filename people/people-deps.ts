import type { Messenger } from '../contracts/ports/messages.ts'
import type { Records } from '../store/index.ts'
import type { AccessTokens } from './access-tokens.ts'
import type { Passwords } from './passwords.ts'
import type { PhoneNumbers } from './phone-numbers.ts'
import type { Throttle } from './throttle.ts'

/** What every part of this room stands on. */
export interface PeopleDeps {
  readonly records: Records
  readonly now: () => number
  readonly messenger: Messenger
  readonly tokens: AccessTokens
  readonly passwords: Passwords
  readonly phones: PhoneNumbers
  readonly throttle: Throttle
}
