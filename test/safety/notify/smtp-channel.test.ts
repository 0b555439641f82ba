import { execFileSync, spawnSync } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import fc from 'fast-check'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Message } from '../../../contracts/ports/messages.ts'
import { createSmtpChannel } from '../../../safety/index.ts'
import { aTempDir } from '../../support/temp-dir.ts'
import { aClosedPort, aMessage, email, failureOf, patience, secretSubject, secretText, toEmail } from './fixture.ts'

const from = 'Prahari <no-reply@city.example>'
const anEmail = (message: Partial<Message> = {}) => aMessage({ to: toEmail, ...message })

interface Mail {
  readonly sender: string
  readonly recipients: readonly string[]
  readonly source: string
  readonly isSecure: boolean
  readonly user: unknown
}

/** A real mail server that takes everything, unless told otherwise. */
async function aMailServer(options: SMTPServerOptions = {}) {
  const mails: Mail[] = []
  const server = new SMTPServer({
    logger: false,
    disabledCommands: ['STARTTLS'],
    authOptional: true,
    closeTimeout: 10,
    onAuth: ({ username, password }, _session, done) =>
      password === 'right' ? done(null, { user: username }) : done(new Error('Invalid credentials')),
    onData(stream, { envelope, secure, user }, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        mails.push({
          sender: envelope.mailFrom ? envelope.mailFrom.address : '',
          recipients: envelope.rcptTo.map(({ address }) => address),
          source: Buffer.concat(chunks).toString(),
          isSecure: secure,
          user: user || undefined,
        })
        done()
      })
    },
    ...options,
  })
  const listener = server.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  server.on('error', () => undefined)
  onTestFinished(() => new Promise<void>((resolve) => server.close(resolve)))
  return { port: (listener.address() as AddressInfo).port, mails }
}

/** Speaks TCP and whatever the test wants. */
async function aTcpServer(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    onConnection(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const smtp = (port: number, sign = '') => createSmtpChannel({ url: `smtp://${sign}127.0.0.1:${port}`, from })
const refuseWith = (responseCode: number) => Object.assign(new Error('for a reason'), { responseCode })

describe('the smtp channel', () => {
  it('sends one plain mail to one person', async () => {
    const { port, mails } = await aMailServer()
    await smtp(port).send(anEmail({ text: `${secretText} ✓` }), patience())
    expect(mails).toMatchObject([{ sender: 'no-reply@city.example', recipients: [email] }])
    const { source } = mails[0]!
    expect(source).toMatch(/^From: Prahari <no-reply@city\.example>\r$/m)
    expect(source).toMatch(new RegExp(`^To: ${email}\r$`, 'm'))
    expect(source).toMatch(new RegExp(`^Subject: ${secretSubject}\r$`, 'm'))
    expect(source).toMatch(/^Message-ID: <msg-1@city\.example>\r$/m)
    expect(source).toMatch(/^Auto-Submitted: auto-generated\r$/m)
    expect(source).toContain(secretText)
  })

  it('shows its password to no server that offers no TLS', async () => {
    const shown: string[] = []
    const { port, mails } = await aMailServer({
      allowInsecureAuth: true,
      onAuth({ password, username }, _session, done) {
        shown.push(String(password))
        done(null, { user: username })
      },
    })
    expect((await failureOf(smtp(port, 'asha:right@').send(anEmail(), patience()))).code).toBe('channel-refused')
    expect({ shown, mails }).toEqual({ shown: [], mails: [] })
  })

  it.each([
    [421, 'channel-busy'],
    [450, 'channel-busy'],
    [451, 'channel-busy'],
    [550, 'channel-refused'],
    [554, 'channel-refused'],
  ])('says of the answer %i: %s, whichever command it is to', async (responseCode, code) => {
    const refusal = refuseWith(responseCode)
    const steps: SMTPServerOptions[] = [
      { onConnect: (_session, done) => done(refusal) },
      { onMailFrom: (_address, _session, done) => done(refusal) },
      { onRcptTo: (_address, _session, done) => done(refusal) },
      {
        onData(stream, _session, done) {
          stream.resume()
          stream.on('end', () => done(refusal))
        },
      },
    ]
    for (const step of steps) {
      const { port, mails } = await aMailServer(step)
      expect(await failureOf(smtp(port).send(anEmail(), patience()))).toEqual({
        code,
        message: expect.stringMatching(new RegExp(`SMTP ${responseCode}$`)),
      })
      expect(mails).toEqual([])
    }
  })

  it('repeats nothing of the message nor of the answer in what it says', async () => {
    const { port } = await aMailServer({
      onRcptTo: ({ address }, _session, done) =>
        done(Object.assign(new Error(`<${address}> ${secretText}`), { responseCode: 550 })),
    })
    const { message } = await failureOf(smtp(port).send(anEmail(), patience()))
    expect(message).toBe('smtp refuses the message: SMTP 550')
  })

  it('is unreachable where nobody listens', async () => {
    const failure = await failureOf(smtp(await aClosedPort()).send(anEmail(), patience()))
    expect(failure.code).toBe('channel-unreachable')
  })

  it.each([
    ['at once', (socket: Socket) => void socket.destroy()],
    ['after its greeting', (socket: Socket) => void socket.write('220 mail ESMTP\r\n', () => socket.destroy())],
    [
      'when the mail has been handed over',
      (socket: Socket) => {
        socket.write('220 mail ESMTP\r\n')
        socket.on('data', (chunk) => {
          const text = String(chunk)
          if (text.startsWith('DATA')) socket.write('354 go on\r\n')
          else if (text.endsWith('\r\n.\r\n')) socket.destroy()
          else if (/^(EHLO|MAIL|RCPT)/.test(text)) socket.write('250 fine\r\n')
        })
      },
    ],
    ['after words that are not SMTP', (socket: Socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ])('is unreachable when the server hangs up %s', async (_when, onConnection) => {
    const port = await aTcpServer(onConnection)
    expect((await failureOf(smtp(port).send(anEmail(), patience()))).code).toBe('channel-unreachable')
  })

  it.each([
    ['greets', false],
    ['answers', true],
  ])('gives up on a server that never %s when it is told to, and hangs up', async (_what, greets) => {
    const controller = new AbortController()
    const left = new EventEmitter()
    const hasLeft = once(left, 'close')
    const port = await aTcpServer((socket) => {
      socket.on('close', () => left.emit('close'))
      if (greets) socket.write('220 mail ESMTP\r\n')
      if (greets) socket.once('data', () => controller.abort())
      else controller.abort()
    })
    expect(await failureOf(smtp(port).send(anEmail(), controller.signal))).toEqual({
      code: 'channel-unreachable',
      message: expect.stringMatching(/no answer in time$/),
    })
    await hasLeft
  })

  it.each([
    ['a recipient more', { to: { type: 'email', address: 'a@city.example, b@city.example' } }],
    ['a line in the address', { to: { type: 'email', address: 'a@city.example\r\nBcc: b@city.example' } }],
    ['a command in the address', { to: { type: 'email', address: 'a@city.example>\r\nRCPT TO:<b@city.example' } }],
    ['a group of recipients', { to: { type: 'email', address: 'all:a@city.example;' } }],
    ['a display name', { to: { type: 'email', address: 'A <a@city.example>' } }],
    ['no domain', { to: { type: 'email', address: 'asha' } }],
    ['a phone number', { to: { type: 'phone', address: '+919876543210' } }],
    ['a header in the subject', { subject: 'Code\r\nBcc: b@city.example' }],
    ['a bare line feed in the subject', { subject: 'Code\nBcc: b@city.example' }],
    ['a bare carriage return in the subject', { subject: 'Code\rBcc: b@city.example' }],
    ['a header in the id', { id: 'a>\r\nBcc: <b@city.example' }],
  ] satisfies [string, Partial<Message>][])('refuses %s', async (_what, message) => {
    const { port, mails } = await aMailServer()
    expect((await failureOf(smtp(port).send(anEmail(message), patience()))).code).toBe('channel-refused')
    expect(mails).toEqual([])
  })

  it('lets no text of a message become a header, a recipient or a mail of its own', async () => {
    const { port, mails } = await aMailServer()
    const channel = smtp(port)
    const tricky = fc.array(
      fc.constantFrom('\r', '\n', '\r\n', '.', 'Bcc: b@x.example', 'RCPT TO:<b@x.example>', ' ', 'é'),
    )
    await fc.assert(
      fc.asyncProperty(tricky, async (parts) => {
        mails.length = 0
        await channel.send(anEmail({ text: parts.join('') }), patience())
        expect(mails.map(({ recipients }) => recipients)).toEqual([[email]])
        const [headers] = mails[0]!.source.split('\r\n\r\n')
        expect(headers).not.toMatch(/^Bcc/im)
      }),
      { numRuns: 30 },
    )
  })
})

const hasOpenssl = spawnSync('openssl', ['version']).status === 0
if (!hasOpenssl) console.warn('SMTP over TLS is not tested: there is no openssl to make certificates with')

describe.runIf(hasOpenssl)('the smtp channel over TLS', () => {
  async function aSecureServer(options: SMTPServerOptions = {}) {
    const path = (file: string) => join(directory, file)
    const directory = await aTempDir()
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', path('key.pem')]
    const subject = ['-subj', '/CN=mail', '-addext', 'subjectAltName=IP:127.0.0.1']
    const args = ['req', '-x509', ...key, ...subject, '-days', '2', '-out', path('cert.pem')]
    execFileSync('openssl', args, { stdio: 'pipe' })
    const ca = readFileSync(path('cert.pem'), 'utf8')
    const server = await aMailServer({
      cert: ca,
      key: readFileSync(path('key.pem')),
      disabledCommands: [],
      ...options,
    })
    return { ...server, ca }
  }

  it.each([
    ['smtp', false],
    ['smtps', true],
  ])('speaks it, and signs in, with %s:', async (scheme, secure) => {
    const { port, mails, ca } = await aSecureServer({ secure })
    const channel = createSmtpChannel({ url: `${scheme}://a%40b:right@127.0.0.1:${port}`, from, ca })
    await channel.send(anEmail(), patience())
    expect(mails).toMatchObject([{ isSecure: true, user: 'a@b', recipients: [email] }])
  })

  it('changes to it where it is offered, without a password too', async () => {
    const { port, mails, ca } = await aSecureServer()
    await createSmtpChannel({ url: `smtp://127.0.0.1:${port}`, from, ca }).send(anEmail(), patience())
    expect(mails).toMatchObject([{ isSecure: true, user: undefined }])
  })

  it('is refused with a wrong password, and does not repeat it', async () => {
    const { port, ca } = await aSecureServer()
    const channel = createSmtpChannel({ url: `smtp://asha:very-wrong@127.0.0.1:${port}`, from, ca })
    expect(await failureOf(channel.send(anEmail(), patience()))).toEqual({
      code: 'channel-refused',
      message: 'smtp refuses the message: SMTP 535',
    })
  })

  it.each(['smtp', 'smtps'])(
    'gives nothing to a server whose certificate nobody vouches for, with %s:',
    async (scheme) => {
      const { port, mails } = await aSecureServer({ secure: scheme === 'smtps' })
      const channel = createSmtpChannel({ url: `${scheme}://127.0.0.1:${port}`, from })
      expect((await failureOf(channel.send(anEmail(), patience()))).code).toBe('channel-unreachable')
      expect(mails).toEqual([])
    },
  )
})
