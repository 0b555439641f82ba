import { createHash } from 'node:crypto'
import { errors, jwtVerify, SignJWT } from 'jose'
import { AppError } from '../contracts/errors.ts'

/** What an access token says. Role and state are not in it: they are looked up, so that they are never out of date. */
interface AccessClaims {
  readonly userId: string
  readonly sessionId: string
  readonly expiresAtMs: number
}

export interface AccessTokens {
  issue(of: { readonly userId: string; readonly sessionId: string }): Promise<{ token: string; expiresAtMs: number }>
  /** @throws AppError `token-expired`, `invalid-token` */
  read(token: string): Promise<AccessClaims>
}

const issuer = 'prahari'
const audience = 'prahari-api'
/** @see RFC 9068, section 2.1: no other kind of JWT signed with the same key can pass for an access token. */
const tokenType = 'at+jwt'
const algorithm = 'HS256'
const lifetimeS = 15 * 60
const secretBytesMin = 32

/** @throws AppError `jwt-secret-too-short` */
export function createAccessTokens({
  jwtSecret,
  now,
}: {
  readonly jwtSecret: string
  readonly now: () => number
}): AccessTokens {
  const key = new TextEncoder().encode(jwtSecret)
  if (key.length < secretBytesMin) {
    throw new AppError('invalid', 'jwt-secret-too-short', `the token secret needs at least ${secretBytesMin} bytes`)
  }
  const keyId = createHash('sha256').update('prahari token key\0').update(key).digest('base64url').slice(0, 16)
  return {
    async issue({ userId, sessionId }) {
      const issuedAtS = Math.floor(now() / 1000)
      const expiresAtS = issuedAtS + lifetimeS
      const token = await new SignJWT({ sid: sessionId })
        .setProtectedHeader({ alg: algorithm, typ: tokenType, kid: keyId })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(userId)
        .setIssuedAt(issuedAtS)
        .setExpirationTime(expiresAtS)
        .sign(key)
      return { token, expiresAtMs: expiresAtS * 1000 }
    },
    async read(token) {
      try {
        const { payload } = await jwtVerify(token, ({ kid }) => keyFor(kid), {
          algorithms: [algorithm],
          issuer,
          audience,
          typ: tokenType,
          requiredClaims: ['sub', 'sid', 'exp', 'iat'],
          currentDate: new Date(now()),
        })
        const { sub, sid, exp } = payload
        if (sub === undefined || typeof sid !== 'string' || exp === undefined) throw new errors.JWTInvalid()
        return { userId: sub, sessionId: sid, expiresAtMs: exp * 1000 }
      } catch (cause) {
        if (cause instanceof errors.JWTExpired) {
          throw new AppError('unauthenticated', 'token-expired', 'the access token has expired', { cause })
        }
        throw new AppError('unauthenticated', 'invalid-token', 'the access token is not valid', { cause })
      }
    },
  }

  function keyFor(kid: string | undefined): Uint8Array {
    if (kid !== keyId) throw new errors.JWSSignatureVerificationFailed()
    return key
  }
}
