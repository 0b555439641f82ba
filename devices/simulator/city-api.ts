import type { DeviceInput } from '../../contracts/device.ts'
import { AppError } from '../../contracts/errors.ts'
import { sessionResourceSchema } from '../../contracts/http/account.ts'
import { pageOf } from '../../contracts/http/common.ts'
import { bulkReportSchema, deviceWithSecretSchema } from '../../contracts/http/device.ts'
import { ledgerLineSchema } from '../../contracts/http/system.ts'
import type { LedgerCounts } from './reconciliation.ts'

/** The few calls of the HTTP API that a simulation needs. */
export interface CityApi {
  /** Registers the devices that are not known yet and rotates the secrets of those that are. @returns secret by id */
  provision(devices: readonly DeviceInput[]): Promise<Map<string, string>>
  ledger(): Promise<Map<string, LedgerCounts>>
}

export interface CityApiOptions {
  /** Origin of the server, for example `http://127.0.0.1:3000`. */
  readonly url: string
  readonly email: string
  readonly password: string
}

const bulkMax = 500
const ledgerPageMax = 500
/** Access tokens live a quarter of an hour; a run may take longer. */
const signInAgainAfterMs = 10 * 60_000

/** @throws AppError `server-unreachable`, or with the code the server answered */
export function createCityApi(options: CityApiOptions): CityApi {
  let token = ''
  let signedInAtMs = -Infinity
  const authorized = async (method: 'GET' | 'POST', path: string, body?: unknown) => {
    if (performance.now() - signedInAtMs > signInAgainAfterMs) {
      const { email, password } = options
      const answer = await call(options.url, 'POST', '/api/auth/login', { body: { email, password } })
      token = sessionResourceSchema.parse(answer).accessToken
      signedInAtMs = performance.now()
    }
    return call(options.url, method, path, { body, token })
  }
  const rotate = async (id: string) => {
    const answer = await authorized('POST', `/api/devices/${encodeURIComponent(id)}/credentials`, {})
    return deviceWithSecretSchema.parse(answer).secret
  }

  return {
    async provision(devices) {
      const secrets = new Map<string, string>()
      for (let at = 0; at < devices.length; at += bulkMax) {
        const part = devices.slice(at, at + bulkMax)
        const { results } = bulkReportSchema.parse(await authorized('POST', '/api/devices/bulk', part))
        for (const { line, secret, error } of results) {
          const { id } = part[line - 1]!
          if (secret === null && error?.code !== 'device-already-registered') {
            throw new AppError(
              'invalid',
              error?.code ?? 'not-registered',
              `${id} was not registered: ${error?.message}`,
            )
          }
          secrets.set(id, secret ?? (await rotate(id)))
        }
      }
      return secrets
    },
    async ledger() {
      const counts = new Map<string, LedgerCounts>()
      let cursor: string | null = null
      do {
        const page: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
        const answer = await authorized('GET', `/api/system/ledger?limit=${ledgerPageMax}${page}`)
        const { items, nextCursor } = pageOf(ledgerLineSchema).loose().parse(answer)
        for (const line of items) counts.set(line.deviceId, line)
        cursor = nextCursor
      } while (cursor !== null)
      return counts
    },
  }
}

async function call(
  origin: string,
  method: 'GET' | 'POST',
  path: string,
  { body, token }: { readonly body?: unknown; readonly token?: string },
): Promise<unknown> {
  const response = await fetch(new URL(path, origin), {
    method,
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }).catch((cause: unknown) => {
    throw new AppError('unavailable', 'server-unreachable', `no server answers at ${origin}; is it running?`, { cause })
  })
  const answer = (await response.json().catch(() => undefined)) as
    | { readonly error?: { readonly code?: string; readonly message?: string } }
    | undefined
  if (response.ok) return answer
  const { code = 'http-error', message = `it answered ${response.status}` } = answer?.error ?? {}
  throw new AppError('invalid', code, `${method} ${path} was refused: ${message}`)
}
