import { AppError } from '../../contracts/errors.ts'
import type { PeerCertificate } from '../connection.ts'
import type { RefusalName } from '../refusals.ts'

/** Return codes of CONNACK [MQTT 3.1.1, section 3.2.2.3]. */
export const identifierRejected = 2
export const serverUnavailable = 3
export const badCredentials = 4
export const notAuthorized = 5

/** What a client says of itself in CONNECT. */
export interface Introduction {
  readonly clientId: string
  readonly clean: boolean
  readonly username: string | undefined
  readonly password: Uint8Array | undefined
  readonly willTopic: string | undefined
  readonly certificate: PeerCertificate
}

/** Refused, with the code for the client and the name for the counters. */
export class IntroductionRefused extends AppError {
  readonly returnCode: number

  constructor(name: RefusalName, returnCode: number, message: string, cause?: unknown) {
    super('unauthenticated', name, message, { cause })
    this.returnCode = returnCode
  }
}
