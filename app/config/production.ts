import type { ErrorDetail } from '../../contracts/errors.ts'
import { isGuessable } from './guessable.ts'
import type { VariableName, VariableValues } from './variables.ts'

/** What a server of a real city must have, and must not. */
export function findUnfitForProduction(values: Partial<VariableValues>): ErrorDetail[] {
  const faults: ErrorDetail[] = []
  const fault = (path: VariableName, message: string) => faults.push({ path, message })

  if (values.PRAHARI_DEMO === 'on') {
    fault('PRAHARI_DEMO', 'must be off in production: simulated devices do not belong in a real city')
  }
  if (values.PRAHARI_DEVICE_ENROLMENT === 'open' && values.PRAHARI_OPEN_ENROLMENT_ACKNOWLEDGED !== 'yes') {
    fault(
      'PRAHARI_DEVICE_ENROLMENT',
      'must not be open in production: anyone who reaches the port could publish. PRAHARI_OPEN_ENROLMENT_ACKNOWLEDGED=yes says you know',
    )
  }
  if (values.PRAHARI_CORS_ORIGINS?.includes('*')) {
    fault('PRAHARI_CORS_ORIGINS', 'must name its origins in production, not *')
  }
  if (values.OTP_DELIVERY === 'log') {
    fault('OTP_DELIVERY', 'must not be log in production: codes would stand in the log')
  }
  if (/^smtp:\/\/[^@]*$/.test(values.SMTP_URL ?? '')) {
    // With a name and password TLS is insisted on anyway.
    fault('SMTP_URL', 'must begin with smtps:// in production, or name who signs in: codes would travel in the clear')
  }
  for (const name of ['OTP_WEBHOOK_URL', 'TWILIO_BASE_URL'] as const) {
    if (values[name]?.startsWith('http:')) fault(name, 'must begin with https:// in production: it carries codes')
  }
  return [...faults, ...findMissing(values), ...findGuessable(values)]
}

/** A process without the api role has no accounts to sign in to, and no HTTP. */
function findMissing({ PRAHARI_ROLES, OTP_DELIVERY, PRAHARI_TLS_TERMINATION }: Partial<VariableValues>): ErrorDetail[] {
  if (PRAHARI_ROLES?.includes('api') === false) return []
  const faults: ErrorDetail[] = []
  if (OTP_DELIVERY === undefined) {
    faults.push({ path: 'OTP_DELIVERY', message: 'must be set in production, to webhook or twilio' })
  }
  if (PRAHARI_TLS_TERMINATION === undefined) {
    faults.push({
      path: 'PRAHARI_TLS_TERMINATION',
      message: 'must be set in production: `proxy` says that a reverse proxy in front speaks HTTPS',
    })
  }
  return faults
}

const secrets = [
  'PRAHARI_ADMIN_PASSWORD',
  'PRAHARI_JWT_SECRET',
  'PRAHARI_RECORDS_KEY',
  'PRAHARI_METRICS_TOKEN',
  'OTP_WEBHOOK_SECRET',
] as const satisfies readonly VariableName[]

function findGuessable(values: Partial<VariableValues>): ErrorDetail[] {
  const message = 'must not be an example or easy to guess in production; `openssl rand -base64 32` draws one'
  return secrets
    .filter((name) => {
      const text = values[name]
      return text !== undefined && isGuessable(name === 'OTP_WEBHOOK_SECRET' ? decodeWebhookSecret(text) : text)
    })
    .map((path) => ({ path, message }))
}

function decodeWebhookSecret(text: string): string {
  return Buffer.from(text.replace(/^whsec_/, ''), 'base64').toString('latin1')
}
