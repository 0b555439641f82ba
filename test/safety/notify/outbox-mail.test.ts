import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { MessageChannel } from '../../../contracts/ports/messages.ts'
import { createSmtpChannel } from '../../../safety/index.ts'
import { aClosedPort } from './fixture.ts'
import { anEvent, anOutboxHouse, areSettled, describeRows, words } from './outbox-house.ts'

const mail = 'ravi@home.example'
const overMail = (port: number): MessageChannel =>
  createSmtpChannel({ url: `smtp://127.0.0.1:${port}`, from: 'Prahari <no-reply@city.example>' })

/** A real mail server; `answer` says what becomes of each mail once it is there. */
async function aMailServer(answer: (count: number) => Error | undefined, options: SMTPServerOptions = {}) {
  const sources: string[] = []
  const server = new SMTPServer({
    logger: false,
    disabledCommands: ['STARTTLS'],
    authOptional: true,
    closeTimeout: 10,
    onData(stream, _session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        sources.push(Buffer.concat(chunks).toString())
        done(answer(sources.length))
      })
    },
    ...options,
  })
  const listener = server.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  server.on('error', () => undefined)
  onTestFinished(() => new Promise<void>((resolve) => server.close(resolve)))
  return { port: (listener.address() as AddressInfo).port, sources }
}

/** Takes connections and says nothing, or hangs up when the mail has been sent. */
async function aBadServer(type: 'silent' | 'drops'): Promise<number> {
  const server = createServer((socket) => {
    onTestFinished(() => void socket.destroy())
    socket.on('error', () => undefined)
    if (type === 'silent') return
    socket.write('220 here\r\n')
    socket.on('data', (data: Buffer) => {
      const said = data.toString()
      if (/^\.\r\n|\r\n\.\r\n$/.test(said)) socket.destroy()
      else socket.write(/^DATA/i.test(said) ? '354 go on\r\n' : '250 fine\r\n')
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

async function tellByMail(port: number, options = {}) {
  const house = await anOutboxHouse({ email: overMail(port), options: { triesMax: 3, ...options } })
  const ownerId = await house.anOwner([{ email: mail }])
  await house.anOutbox().start()
  await house.records.notices.enqueue(anEvent({ tells: [{ to: { type: 'contacts', ownerId }, ...words }] }))
  const rows = await house.rowsOf('sos:s1:raised', areSettled)
  return { rows, row: rows.find(({ channel }) => channel === 'email')!, log: house.log }
}

const busy = () => Object.assign(new Error('come back later'), { responseCode: 451 })

describe('a notice by mail', () => {
  it('is one mail, with an id of the notice', async () => {
    const { port, sources } = await aMailServer(() => undefined)
    const { rows, row } = await tellByMail(port)
    expect(describeRows(rows)).toEqual(['email sent', 'sms skipped no-address'])
    expect(sources).toHaveLength(1)
    expect(sources[0]).toContain(`Message-ID: <${row.id}@city.example>`)
    expect(sources[0]).toContain(`Subject: ${words.subject}`)
  })

  it('is sent again under the same id to a server that was busy', async () => {
    const { port, sources } = await aMailServer((count) => (count < 3 ? busy() : undefined))
    const { row } = await tellByMail(port)
    expect(row).toMatchObject({ state: 'sent', tries: 3, isPerhapsTold: false })
    expect(sources).toHaveLength(3)
    for (const source of sources) expect(source).toContain(`Message-ID: <${row.id}@city.example>`)
  })

  it.each<[string, string, number, boolean, () => Promise<number>]>([
    ['is closed', 'channel-unreachable', 3, false, aClosedPort],
    ['says nothing', 'channel-unreachable', 3, true, () => aBadServer('silent')],
    ['takes the mail and hangs up', 'channel-unreachable', 3, true, () => aBadServer('drops')],
    ['is busy for good', 'channel-busy', 3, false, async () => (await aMailServer(busy)).port],
    [
      'refuses it',
      'channel-refused',
      1,
      false,
      async () => (await aMailServer(() => Object.assign(new Error('no'), { responseCode: 550 }))).port,
    ],
  ])('fails, with a reason, when the server %s', async (what, reason, tries, isPerhapsTold, open) => {
    const { row, log } = await tellByMail(await open(), what === 'says nothing' ? { tryMsMax: 200 } : {})
    expect(row).toMatchObject({ state: 'failed', reason, tries, isPerhapsTold })
    expect(log.text()).not.toMatch(/home\.example|Asha/)
  })
})
