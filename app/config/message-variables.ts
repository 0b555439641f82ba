import { z } from 'zod'
import { oneOf, urlOf } from './values.ts'
import { variable } from './variable.ts'

const mailbox = z
  .string()
  .max(320, 'must be 320 characters or shorter')
  .regex(
    /^(?:[^\s<>@,;:"\\]+@[^\s<>@,;:"\\]+|[^<>@,;:"\\\r\n]+ <[^\s<>@,;:"\\]+@[^\s<>@,;:"\\]+>)$/,
    'must be an e-mail address, or Name <address>',
  )

/** How people are reached: codes by text message, letters by mail. */
export const messageVariables = {
  OTP_DELIVERY: variable({
    schema: oneOf(['log', 'webhook', 'twilio']),
    fallbackNote: '`log` outside production',
    meaning: 'how one-time codes reach phones; production asks for one of them and refuses `log`',
  }),
  OTP_WEBHOOK_URL: variable({
    schema: urlOf({ schemes: ['https', 'http'], mayHoldPath: true }),
    meaning: 'where messages are posted to with `webhook`; HTTPS in production',
    // Many services put a key into the address.
    secret: true,
  }),
  OTP_WEBHOOK_SECRET: variable({
    schema: z
      .string()
      .regex(
        /^whsec_(?=[\w+/=]{32,88}$)(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
        'must be whsec_ and 24 to 64 bytes in base64, as `echo "whsec_$(openssl rand -base64 32)"` makes them',
      ),
    meaning: 'signs those posts as Standard Webhooks has it: `whsec_` and 24 to 64 bytes in base64',
    secret: true,
  }),
  TWILIO_ACCOUNT_SID: variable({
    schema: z.string().regex(/^AC\w{2,64}$/, 'must be an account SID, which begins with AC'),
    meaning: 'account that sends text messages with `twilio`',
  }),
  TWILIO_AUTH_TOKEN: variable({ schema: z.string().max(200), meaning: 'its auth token', secret: true }),
  TWILIO_FROM: variable({
    schema: z
      .string()
      .regex(/^(\+[1-9]\d{6,14}|[A-Za-z0-9 ]{1,11})$/, 'must be a number such as +15005550006, or a sender name'),
    meaning: 'number or name that text messages come from',
  }),
  TWILIO_BASE_URL: variable({
    schema: urlOf({ schemes: ['https', 'http'] }),
    fallback: 'https://api.twilio.com',
    meaning: 'where Twilio’s API is; HTTPS in production',
  }),
  SMTP_URL: variable({
    schema: urlOf({ schemes: ['smtps', 'smtp'], mayHoldPassword: true }),
    fallbackNote: 'e-mail goes the way of `OTP_DELIVERY`; `twilio` cannot take it',
    meaning:
      'mail server, `smtps://name:password@host:port`; `smtp://` changes to TLS where it is offered, and shows a password only then',
    secret: true,
  }),
  SMTP_FROM: variable({ schema: mailbox, meaning: 'address that e-mail comes from, or `Name <address>`' }),
  PRAHARI_OTP_BYPASS: variable({
    schema: oneOf(['on', 'off']),
    fallback: 'off',
    meaning: '`on` lets any phone number sign in without a code; only with `NODE_ENV=development`',
  }),
} as const
