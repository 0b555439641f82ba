import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import type { Notice } from '../../../contracts/notice.ts'
import type { Records } from '../../../store/index.ts'
import { someRecords } from '../../store/records/fixture.ts'
import { anHttpServer } from './fixture.ts'
import { webhookSecret } from './outbox-house.ts'

const writer = fileURLToPath(new URL('outbox-kill-writer.ts', import.meta.url))

/** What the server does with a request, and when the writer dies of it. */
const stories = [
  { name: 'before anything is sent', killAt: 'committed', count: 3 },
  { name: 'while requests are on their way', killAt: 'received', count: 4 },
  { name: 'between the answer and its being noted', killAt: 'answered', count: 5 },
] as const

function startWriter(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', writer, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

async function listAll(records: Records): Promise<Notice[]> {
  const rows: Notice[] = []
  let cursor: string | undefined
  do {
    const page = await records.notices.list({ limit: 1000, cursor })
    rows.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return rows.filter(({ channel }) => channel === 'sms')
}

test.each(stories)(
  'after kill -9 $name nothing is lost, and nobody is told twice of what was noted',
  async ({ killAt, count }) => {
    let child: ChildProcess | undefined
    let isKilling = true
    const times = new Map<string, number>()
    const texts = new Set<string>()
    const { url, received } = await anHttpServer((response, { headers, body }) => {
      const id = String(headers['webhook-id'])
      times.set(id, (times.get(id) ?? 0) + 1)
      texts.add(JSON.parse(body).data.text)
      if (isKilling && received.length >= count && killAt === 'received') child?.kill('SIGKILL')
      response.writeHead(204).end(() => {
        if (isKilling && received.length >= count && killAt === 'answered') child?.kill('SIGKILL')
      })
    })
    const { records, path, open } = await someRecords({ now: Date.now })
    const owner = await records.users.create({ name: 'Asha', role: 'citizen', username: 'asha' })
    const [contact] = await records.contacts.replaceAllOf(owner.id, [{ name: 'Ravi', phone: '+919876543210' }])
    const allowance = { periodMs: 1, perOwnerMax: 9, perAddressMax: 9 }
    const asked = {
      ownerId: owner.id,
      contactId: contact!.id,
      type: 'phone',
      code: '1',
      lifetimeMs: 9999,
      allowance,
    } as const
    await records.contacts.ask(asked)
    await records.contacts.consent({ ownerId: owner.id, contactId: contact!.id, code: '1', triesMax: 5 })
    await records.close()

    const committed: string[] = []
    for (let round = 0; round < 2; round++) {
      received.length = 0
      isKilling = true
      child = startWriter([path, url, webhookSecret, String(round), owner.id])
      const exited = once(child, 'exit')
      for await (const line of createInterface({ input: child.stdout! })) {
        committed.push(line.replace('committed ', 'sos '))
        if (killAt === 'committed' && committed.length % 40 === count) child.kill('SIGKILL')
      }
      expect((await exited)[1]).toBe('SIGKILL')
      isKilling = false

      const before = await open()
      const noted = (await listAll(before)).filter(({ state }) => state === 'sent')
      const timesBefore = new Map(times)
      await before.close()
      const [code] = await once(startWriter([path, url, webhookSecret, String(round), 'drain']), 'exit')
      expect(code).toBe(0)
      for (const { id } of noted) expect(times.get(id)).toBe(timesBefore.get(id))
    }

    const after = await open()
    const rows = await listAll(after)
    await after.close()
    expect(rows.every(({ state }) => state === 'sent')).toBe(true)
    expect(committed.length).toBeGreaterThanOrEqual(2 * count)
    for (const text of committed) expect(texts).toContain(text)
    // Once, but for the few that were on their way when the writer died, and those under the same id.
    const twice = rows.filter(({ id }) => times.get(id)! > 1)
    expect(twice.every(({ isPerhapsTold }) => isPerhapsTold)).toBe(true)
  },
  60_000,
)
