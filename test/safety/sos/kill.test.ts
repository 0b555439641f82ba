import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { isOpenSos } from '../../../contracts/sos.ts'
import { openRecords } from '../../../store/index.ts'
import { aBus, recordsKey, silentLog, startMs } from '../../store/records/fixture.ts'
import { aTempDir } from '../../support/temp-dir.ts'
import { aStory, killPoints, killSteps } from './kill-story.ts'

const writer = fileURLToPath(new URL('kill-writer.ts', import.meta.url))

/** What each step leaves when it was taken once. */
const after = {
  press: { state: 'active', actions: ['pressed'], words: ['sos-received'] },
  activate: { state: 'active', actions: ['pressed', 'activated'], words: [] },
  dispatch: { state: 'dispatched', actions: ['pressed', 'dispatched'], words: ['sos-received', 'help-on-the-way'] },
  cancel: { state: 'cancelled', actions: ['pressed', 'cancelled'], words: ['sos-received', 'cancel-confirmed'] },
} as const

test.each(killSteps.flatMap((step) => killPoints.map((point) => [step, point] as const)))(
  'kill -9 in %s, %s: tried again, it was taken once, and nobody is told twice',
  async (step, point) => {
    const path = join(await aTempDir(), 'records.sqlite')
    const child = spawn(process.execPath, ['--import', 'tsx', writer, path, step, point], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    const [, signal] = await once(child, 'close')
    expect([signal, said]).toEqual(['SIGKILL', ''])

    const { bus, listen } = aBus()
    const records = await openRecords({ path, key: recordsKey, bus, now: () => startMs + 60_000, log: silentLog })
    onTestFinished(() => records.close())
    const pressed = listen('sos-pressed')
    const isCommitted = point !== 'before-commit'
    const { items: left } = await records.sos.list({ limit: 10 })
    if (step === 'press') expect(left).toHaveLength(isCommitted ? 1 : 0)
    else expect(left[0]!.state === after[step].state).toBe(isCommitted)

    const story = aStory({ records, bus })
    story.clock.nowMs += 20_000
    // Who was not answered tries again: a device resends, the clock ticks, a person is told that it is so already.
    await story.take(step).catch((error: { code?: string }) => {
      if (!isCommitted || error.code !== 'sos-illegal-transition') throw error
    })
    if (step === 'press') expect(pressed).toMatchObject([{ isNew: !isCommitted, sos: { state: 'active' } }])

    const { items } = await records.sos.list({ limit: 10 })
    expect(items).toMatchObject([{ state: after[step].state, pressCount: 1 }])
    const timeline = await records.sos.timeline(items[0]!.id)
    expect(timeline.map(({ action }) => action)).toEqual(after[step].actions)
    const commands = await records.commands.list({ deviceId: 'band-1', limit: 10 })
    expect(commands.items.map(({ name }) => name).reverse()).toEqual(after[step].words)
    expect(items.filter(isOpenSos)).toHaveLength(step === 'cancel' ? 0 : 1)
  },
  30_000,
)
