import { createTransport } from 'nodemailer'
import type { Message, MessageChannel } from '../../contracts/ports/messages.ts'
import { channelError, isOneLine } from './channel-error.ts'

interface SmtpChannelDeps {
  /** `smtp://` or `smtps://`, with name and password where the server asks for them. */
  readonly url: string
  /** An e-mail address, or `Name <address>`. */
  readonly from: string
  /** PEM of the authority whose certificates are trusted instead of the system's. */
  readonly ca?: string | undefined
}

/** How long any one step may take; the signal given to `send` bounds the whole. */
const stepMsMax = 10_000

/**
 * E-mail by a mail server. `smtps:` speaks TLS from the first byte; `smtp:` changes to it where the server offers,
 * and insists on it before it shows a password.
 */
export function createSmtpChannel({ url, from, ca }: SmtpChannelDeps): MessageChannel {
  const { protocol, hostname, port, username, password } = new URL(url)
  const isSecure = protocol === 'smtps:'
  const transport = createTransport({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port ? Number(port) : isSecure ? 465 : 587,
    secure: isSecure,
    requireTLS: username !== '',
    ...(username && { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    ...(ca && { tls: { ca } }),
    dnsTimeout: stepMsMax,
    connectionTimeout: stepMsMax,
    greetingTimeout: stepMsMax,
    socketTimeout: stepMsMax,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const senderDomain = /@([^\s@<>]+)>?$/.exec(from)?.[1]
  return {
    name: 'smtp',
    async send(message, signal) {
      assertNothingSmuggled(message)
      const { id, to, subject, text } = message
      const mail = {
        from,
        // As an object it is one recipient, whatever it looks like.
        to: { name: '', address: to.address },
        subject,
        text,
        // The receiving side recognises a repeat by it.
        messageId: `<${id}@${senderDomain}>`,
        // Away notices are not answers. RFC 3834, section 5
        headers: { 'Auto-Submitted': 'auto-generated' },
      }
      await transport.sendMail({ ...mail, signal }).catch((error: unknown) => {
        throw readFailure(error, signal)
      })
    },
  }
}

/** What stands in a header or an SMTP command is one line and one address, or nothing is sent. */
function assertNothingSmuggled({ id, to, subject }: Message): void {
  if (!/^[\w.-]{1,100}$/.test(id)) throw channelError('smtp', 'channel-refused', 'the id does not fit a Message-ID')
  if (!isOneLine(subject)) throw channelError('smtp', 'channel-refused', 'the subject is not one line')
  if (!isOneLine(to.address) || !/^[^\s@<>(),:;"\\]{1,64}@[^\s@<>(),:;"\\]{1,255}$/.test(to.address)) {
    throw channelError('smtp', 'channel-refused', 'not one e-mail address')
  }
}

/** @see RFC 5321, section 4.2.1: 4yz may be repeated, 5yz may not */
function readFailure(error: unknown, signal: AbortSignal) {
  if (signal.aborted) return channelError('smtp', 'channel-unreachable', 'no answer in time')
  const { code, responseCode, syscall } = error as Readonly<Record<string, unknown>>
  if (typeof responseCode === 'number' && responseCode >= 400) {
    return channelError('smtp', responseCode < 500 ? 'channel-busy' : 'channel-refused', `SMTP ${responseCode}`)
  }
  // The library's own code is the same for a line that never was and one that broke.
  const reason = syscall === 'connect' ? 'not connected' : typeof code === 'string' ? code : 'connection failed'
  return channelError('smtp', 'channel-unreachable', reason)
}
