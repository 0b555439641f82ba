import type { ErrorDetail } from '../../contracts/errors.ts'
import type { VariableName, VariableValues } from './variables.ts'

interface LogDelivery {
  readonly channel: 'log'
}

interface WebhookDelivery {
  readonly channel: 'webhook'
  readonly url: string
  readonly secret: string
}

interface TwilioDelivery {
  readonly channel: 'twilio'
  readonly baseUrl: string
  readonly accountSid: string
  readonly authToken: string
  readonly from: string
}

interface SmtpDelivery {
  readonly channel: 'smtp'
  readonly url: string
  readonly from: string
}

type Delivery = LogDelivery | WebhookDelivery | TwilioDelivery | SmtpDelivery

/** The way to each type of address; undefined where there is none. */
export interface MessagesConfig {
  readonly phone: Exclude<Delivery, SmtpDelivery> | undefined
  readonly email: Exclude<Delivery, TwilioDelivery> | undefined
}

interface Need {
  readonly asked: VariableName
  /** The value by which it is asked for; any, unless told. */
  readonly by?: string
  readonly names: readonly VariableName[]
}

/** What each way needs, and what is no use without it. */
const needs: readonly Need[] = [
  { asked: 'OTP_DELIVERY', by: 'webhook', names: ['OTP_WEBHOOK_URL', 'OTP_WEBHOOK_SECRET'] },
  { asked: 'OTP_DELIVERY', by: 'twilio', names: ['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'TWILIO_FROM'] },
  { asked: 'SMTP_URL', names: ['SMTP_FROM'] },
]

const isAsked = (values: Partial<VariableValues>, { asked, by }: Need) =>
  by === undefined ? values[asked] !== undefined : values[asked] === by

const spell = ({ asked, by }: Need) => (by === undefined ? asked : `${asked}=${by}`)

export function findMessageConflicts(values: Partial<VariableValues>): ErrorDetail[] {
  return needs
    .filter((need) => isAsked(values, need))
    .flatMap((need) =>
      need.names
        .filter((name) => values[name] === undefined)
        .map((path) => ({ path, message: `must be set, ${spell(need)} needs it` })),
    )
}

export function findMessageWarnings(values: VariableValues): string[] {
  const warnings = needs
    .filter((need) => !isAsked(values, need))
    .flatMap((need) =>
      need.names
        .filter((name) => values[name] !== undefined)
        .map((name) => `${name} has no effect without ${spell(need)}`),
    )
  if (values.PRAHARI_ROLES.includes('api') && toMessages(values).email === undefined) {
    warnings.push('no e-mail can be sent: SMTP_URL is not set')
  }
  if (values.PRAHARI_OTP_BYPASS === 'on') warnings.push('any phone number signs in without a code: PRAHARI_OTP_BYPASS')
  return warnings
}

export function toMessages(values: VariableValues): MessagesConfig {
  const phone = readPhoneDelivery(values)
  // Twilio reaches phones alone.
  const email = readSmtp(values) ?? (phone?.channel === 'twilio' ? developmentLog(values) : phone)
  return { phone, email }
}

function readPhoneDelivery(values: VariableValues): MessagesConfig['phone'] {
  if (values.OTP_DELIVERY === 'webhook') return readWebhook(values)
  if (values.OTP_DELIVERY === 'twilio') return readTwilio(values)
  return developmentLog(values)
}

function developmentLog({ NODE_ENV }: VariableValues): LogDelivery | undefined {
  return NODE_ENV === 'production' ? undefined : { channel: 'log' }
}

function readSmtp({ SMTP_URL: url, SMTP_FROM: from }: VariableValues): SmtpDelivery | undefined {
  return url === undefined || from === undefined ? undefined : { channel: 'smtp', url, from }
}

function readWebhook({
  OTP_WEBHOOK_URL: url,
  OTP_WEBHOOK_SECRET: secret,
}: VariableValues): WebhookDelivery | undefined {
  return url === undefined || secret === undefined ? undefined : { channel: 'webhook', url, secret }
}

function readTwilio(values: VariableValues): TwilioDelivery | undefined {
  const { TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: authToken, TWILIO_FROM: from } = values
  if (accountSid === undefined || authToken === undefined || from === undefined) return undefined
  return { channel: 'twilio', baseUrl: values.TWILIO_BASE_URL, accountSid, authToken, from }
}
