import { expect, test } from 'vitest'
import { aDevice, someRecords, startMs } from './fixture.ts'

async function aDeviceWithQueue(options: Parameters<typeof someRecords>[0] = {}) {
  const fixture = await someRecords(options)
  await fixture.records.devices.register(aDevice())
  const queue = (name = 'blink', keepS?: number) =>
    fixture.records.commands.queue({ deviceId: 'lamp-1', name, body: { times: 3 }, keepS })
  return { ...fixture, queue }
}

test('commands wait in the order they came, also across a restart', async () => {
  const { records, queue, listen, open } = await aDeviceWithQueue()
  const events = listen('command-queued')
  for (const name of ['first', 'second', 'third']) await queue(name)
  expect(events.map(({ command }) => command.name)).toEqual(['first', 'second', 'third'])
  await records.close()
  const again = await open()
  const pending = await again.commands.pendingFor('lamp-1')
  await again.close()
  expect(pending.map(({ name, state, body }) => ({ name, state, body }))).toEqual(
    ['first', 'second', 'third'].map((name) => ({ name, state: 'queued', body: { times: 3 } })),
  )
})

test('a command is delivered, then done, once', async () => {
  const { records, queue, listen } = await aDeviceWithQueue()
  const { id } = await queue()
  const events = listen('command-changed')
  await records.commands.markDelivered(id, startMs + 1)
  await records.commands.markDelivered(id, startMs + 2)
  expect(await records.commands.pendingFor('lamp-1')).toEqual([])
  const finish = { deviceId: 'lamp-1', commandId: id, atMs: startMs + 3, succeeded: true, result: { blinked: 3 } }
  expect(await records.commands.finish(finish)).toBe(true)
  expect(await records.commands.finish({ ...finish, succeeded: false })).toBe(false)
  expect(await records.commands.get(id)).toMatchObject({
    state: 'done',
    deliveredAtMs: startMs + 1,
    finishedAtMs: startMs + 3,
    result: { blinked: 3 },
  })
  expect(events.map(({ command }) => command.state)).toEqual(['delivered', 'done'])
})

test('an answer that overtakes its acknowledgement counts, and another device’s does not', async () => {
  const { records, queue } = await aDeviceWithQueue()
  const { id } = await queue()
  const answer = { commandId: id, atMs: startMs + 5, succeeded: false, result: {} }
  expect(await records.commands.finish({ ...answer, deviceId: 'lamp-2' })).toBe(false)
  expect(await records.commands.finish({ ...answer, deviceId: 'lamp-1' })).toBe(true)
  expect(await records.commands.get(id)).toMatchObject({ state: 'failed', deliveredAtMs: startMs + 5 })
  expect(await records.commands.finish({ ...answer, deviceId: 'lamp-1', commandId: 'none' })).toBe(false)
})

test('an answer too long to keep still ends the command', async () => {
  const { records, queue } = await aDeviceWithQueue()
  const { id } = await queue()
  const result = { text: 'x'.repeat(20_000) }
  await records.commands.finish({ deviceId: 'lamp-1', commandId: id, atMs: startMs, succeeded: true, result })
  expect(await records.commands.get(id)).toMatchObject({ state: 'done', result: { omitted: 'too long' } })
})

test('the queue of a device is bounded, also for callers at once', async () => {
  const { records, queue } = await aDeviceWithQueue({ commandsPerDeviceMax: 5 })
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => queue()))
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(5)
  expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'command-queue-full' } })
  const [first] = await records.commands.pendingFor('lamp-1')
  await records.commands.markDelivered(first!.id, startMs)
  await queue()
})

test('what waits too long expires, is not delivered and makes room', async () => {
  const { records, queue, clock, listen } = await aDeviceWithQueue({ commandsPerDeviceMax: 2 })
  await queue('short', 60)
  await queue('long', 600)
  clock.advance(60_000)
  expect((await records.commands.pendingFor('lamp-1')).map(({ name }) => name)).toEqual(['long'])
  await queue('another')
  const events = listen('command-changed')
  expect(await records.commands.expireDue(clock.now())).toBe(1)
  expect(await records.commands.expireDue(clock.now())).toBe(0)
  expect(events).toMatchObject([{ command: { name: 'short', state: 'expired' } }])
})

test.each([
  ['an unknown device', 'nobody', {}, 'device-not-found'],
  ['a decommissioned device', 'old', {}, 'device-decommissioned'],
  ['too long a command', 'lamp-1', { text: 'x'.repeat(17_000) }, 'command-too-large'],
])('%s is refused', async (_, deviceId, body, code) => {
  const { records } = await aDeviceWithQueue()
  await records.devices.register(aDevice({ id: 'old' }))
  await records.devices.decommission('old')
  await expect(records.commands.queue({ deviceId, name: 'blink', body })).rejects.toMatchObject({ code })
})

test('lists newest first, in pages and by state', async () => {
  const { records, queue } = await aDeviceWithQueue()
  const names = ['a', 'b', 'c', 'd', 'e']
  for (const name of names) await queue(name)
  const first = await records.commands.list({ deviceId: 'lamp-1', limit: 2 })
  const second = await records.commands.list({ deviceId: 'lamp-1', limit: 10, cursor: first.nextCursor })
  expect([...first.items, ...second.items].map(({ name }) => name)).toEqual([...names].reverse())
  expect(second.nextCursor).toBeUndefined()
  await records.commands.markDelivered(first.items[0]!.id, startMs)
  const delivered = await records.commands.list({ deviceId: 'lamp-1', limit: 10, state: 'delivered' })
  expect(delivered.items.map(({ name }) => name)).toEqual(['e'])
})
