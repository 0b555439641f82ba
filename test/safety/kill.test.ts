import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { createMemoryBus } from '../../contracts/bus.ts'
import { openRecords } from '../../store/index.ts'
import { recordsKey, silentLog } from '../store/records/fixture.ts'
import { aTempDir } from '../support/temp-dir.ts'
import { storyDeviceCount } from './kill-story.ts'

const writer = fileURLToPath(new URL('kill-writer.ts', import.meta.url))
const roundCount = 4

/** Lets the writer write until it has acknowledged `killAfter` lines, then kills it as hard as can be. */
async function writeAndKill(path: string, round: number, killAfter: number) {
  const child = spawn(process.execPath, ['--import', 'tsx', writer, path, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const exited = once(child, 'exit')
  let pressed = -1
  let applied = -1
  let lines = 0
  for await (const line of createInterface({ input: child.stdout })) {
    const [what, step] = line.split(' ')
    if (what === 'pressed') pressed = Math.max(pressed, Number(step))
    else applied = Math.max(applied, Number(step))
    if (++lines === killAfter) child.kill('SIGKILL')
  }
  const [, signal] = await exited
  expect(signal).toBe('SIGKILL')
  return { pressed, applied }
}

test('after kill -9 every acknowledged press is there, and no raise that came again has opened an alert twice', async () => {
  const path = join(await aTempDir(), 'records.sqlite')
  const bus = createMemoryBus({ onHandlerError: () => undefined })
  let appliedMax = -1
  for (let round = 0; round < roundCount; round++) {
    const { pressed, applied } = await writeAndKill(path, round, 150 + 90 * round)
    appliedMax = Math.max(appliedMax, applied)
    expect(pressed).toBeGreaterThan(0)

    const records = await openRecords({ path, key: recordsKey, bus, now: Date.now, log: silentLog })
    const stored = new Set<number>()
    for (const sos of (await records.sos.list({ limit: 1000 })).items) {
      if (!sos.deviceId?.startsWith(`band-${round}-`)) continue
      for (const press of await records.sos.presses(sos.id)) {
        expect(stored).not.toContain(press.seq)
        stored.add(press.seq!)
      }
    }
    for (let seq = 0; seq <= pressed; seq++) expect(stored).toContain(seq)
    // One press may have been stored without its acknowledgement getting out; never more.
    expect(stored.size - (pressed + 1)).toBeLessThanOrEqual(1)

    const { items } = await records.alerts.list({ limit: 1000, deviceId: 'air-7' })
    const raises = items.map(({ raisedAtMs }) => raisedAtMs)
    expect(raises).toHaveLength(new Set(raises).size)
    // Each even step raised once, whether it was told once or in every round.
    expect(items.length).toBeGreaterThanOrEqual(Math.floor(appliedMax / 2) + 1)
    expect(items.length).toBeLessThanOrEqual(Math.floor((appliedMax + 1) / 2) + 1)
    const open = await records.alerts.list({ limit: 1000, states: ['firing'] })
    expect([0, storyDeviceCount]).toContain(open.items.length)
    await records.close()
  }
})
