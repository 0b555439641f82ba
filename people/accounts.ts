import type { Messenger } from '../contracts/ports/messages.ts'
import type { Records } from '../store/index.ts'
import { createAccessTokens } from './access-tokens.ts'
import { createUserAdministration, type UserAdministration } from './administration.ts'
import { createEmergencyContacts, type EmergencyContacts } from './emergency-contacts.ts'
import { createOneTimeCodes } from './one-time-codes.ts'
import { createPasswords } from './passwords.ts'
import type { PeopleDeps } from './people-deps.ts'
import { createPhoneNumbers, type PhoneNumbers } from './phone-numbers.ts'
import { createPrivacy, type Privacy } from './privacy.ts'
import { createRegistration, type Registration } from './registration.ts'
import { createSecondFactors } from './second-factors.ts'
import { createSelfService, type SelfService } from './self-service.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { createSignIn, type SignIn } from './sign-in.ts'
import { createSosPins, type SosPins } from './sos-pins.ts'
import { createThrottle } from './throttle.ts'

/** Accounts, from registration to erasure. Each part says in its own file what it does and throws. */
export interface Accounts
  extends Registration,
    SignIn,
    Omit<Sessions, 'open'>,
    UserAdministration,
    SelfService,
    SosPins,
    EmergencyContacts,
    Privacy {
  readonly phones: PhoneNumbers
  hasSecondFactor(userId: string): Promise<boolean>
}

interface AccountsOptions {
  readonly records: Records
  readonly now: () => number
  /** How one-time codes travel. */
  readonly messenger: Messenger
  /** At least 32 bytes. */
  readonly jwtSecret: string
  /** ISO 3166-1 alpha-2 codes: the city's country, then others that codes may be sent to. */
  readonly phoneRegions?: readonly string[]
  readonly bcryptCost?: number
}

export function createAccounts(options: AccountsOptions): Accounts {
  const { records, now, messenger, jwtSecret, phoneRegions = ['IN'], bcryptCost = 12 } = options
  const deps: PeopleDeps = {
    records,
    now,
    messenger,
    tokens: createAccessTokens({ jwtSecret, now }),
    passwords: createPasswords(bcryptCost),
    phones: createPhoneNumbers(phoneRegions),
    throttle: createThrottle(now),
  }
  const { open, ...sessions } = createSessions(deps)
  const codes = createOneTimeCodes(deps)
  const secondFactors = createSecondFactors(deps)
  const self = createSelfService(deps, { codes, secondFactors })
  const parts = { sessions: { open, ...sessions }, codes, secondFactors }
  return {
    phones: deps.phones,
    hasSecondFactor: records.secondFactors.isConfirmed,
    ...sessions,
    ...createRegistration(deps, parts),
    ...createSignIn(deps, parts),
    ...createUserAdministration(deps),
    ...self,
    ...createSosPins(deps, self),
    ...createEmergencyContacts(deps),
    ...createPrivacy(deps, { self, codes }),
  }
}
