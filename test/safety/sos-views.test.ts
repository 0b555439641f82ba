import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createSosViews } from '../../safety/index.ts'
import { someRecords } from '../store/records/fixture.ts'

const asha = { userId: 'asha', sessionId: 's-1' }
const ashaElsewhere = { userId: 'asha', sessionId: 's-2' }
const ravi = { userId: 'ravi', sessionId: 's-3' }

type Options = Parameters<typeof createSosViews>[0]['options']

/** Real records that fail while they are told to. */
async function aHouse(options: Options = {}) {
  const { records } = await someRecords()
  const logged: { level: string; message: string }[] = []
  const note = (level: string) => (_fields: unknown, message: string) => logged.push({ level, message })
  let fault: Error | undefined
  const views = createSosViews({
    log: { error: note('error'), info: note('info') } as never,
    options: { writeAfterMs: 1, restMs: 1, restMsMax: 4, ...options },
    records: { transaction: (work) => (fault ? Promise.reject(fault) : records.transaction(work)) },
  })
  await views.start()
  onTestFinished(() => views.stop())
  return {
    views,
    logged,
    breakDown: () => {
      fault = new Error('disk full')
    },
    mend: () => {
      fault = undefined
    },
    entries: async () => (await records.audit.list({ limit: 1000 })).items.toReversed(),
    until: (isSo: () => boolean) => vi.waitUntil(isSo, { timeout: 5000, interval: 1 }),
  }
}

const said = (entries: readonly { actor: string; subject: string | undefined; detail: object }[]) =>
  entries.map(({ actor, subject, detail }) => [actor, subject, (detail as { over: string }).over].join(' '))

describe('views of where an SOS is', () => {
  it('are written once for each session, SOS and way, whoever asks how often', async () => {
    const { views, entries } = await aHouse()
    const [live, mqtt] = [views.over('live-feed'), views.over('mqtt')]
    for (let times = 0; times < 3; times++) {
      live(asha, 'sos-1')
      live(asha, 'sos-2')
      live(ashaElsewhere, 'sos-1')
      live(ravi, 'sos-1')
      mqtt(ravi, 'sos-1')
    }
    await views.stop()
    const written = await entries()
    expect(said(written)).toEqual([
      'asha sos:sos-1 live-feed',
      'asha sos:sos-2 live-feed',
      'asha sos:sos-1 live-feed',
      'ravi sos:sos-1 live-feed',
      'ravi sos:sos-1 mqtt',
    ])
    expect(new Set(written.map(({ action }) => action))).toEqual(new Set(['sos-location-viewed']))
  })

  it('are written after what is shown has gone out, and in order, however many at once', async () => {
    const { views, entries, until } = await aHouse()
    const live = views.over('live-feed')
    for (let index = 0; index < 150; index++) live({ userId: `u-${index}`, sessionId: `s-${index}` }, 'sos-1')
    expect(views.stats().waiting).toBe(150)
    expect(await entries()).toEqual([])
    await until(() => views.stats().waiting === 0)
    expect((await entries()).map(({ actor }) => actor)).toEqual(Array.from({ length: 150 }, (_, index) => `u-${index}`))
  })

  it('wait for a store that fails, and are all written when it is back', async () => {
    const { views, entries, breakDown, mend, until, logged } = await aHouse()
    const live = views.over('live-feed')
    breakDown()
    live(asha, 'sos-1')
    await until(() => logged.length >= 3)
    live(ravi, 'sos-1')
    expect(views.stats()).toEqual({ waiting: 2, lost: 0 })
    mend()
    await until(() => views.stats().waiting === 0)
    expect(said(await entries())).toEqual(['asha sos:sos-1 live-feed', 'ravi sos:sos-1 live-feed'])
    expect(logged.at(-1)).toEqual({ level: 'info', message: 'views of where an SOS is are written down again' })
  })

  it('beyond what may wait are counted, and taken when the SOS is shown again', async () => {
    const { views, entries, breakDown, mend, until, logged } = await aHouse({ waitingMax: 2, restMs: 1 })
    const live = views.over('live-feed')
    breakDown()
    for (const sosId of ['sos-1', 'sos-2', 'sos-3', 'sos-3']) live(asha, sosId)
    expect(views.stats()).toEqual({ waiting: 2, lost: 2 })
    expect(logged.filter(({ message }) => message.includes('too many'))).toHaveLength(1)
    mend()
    await until(() => views.stats().waiting === 0)
    live(asha, 'sos-3')
    await until(() => views.stats().waiting === 0)
    expect(said(await entries())).toEqual(['sos-1', 'sos-2', 'sos-3'].map((id) => `asha sos:${id} live-feed`))
  })

  it('are remembered of so many sessions and SOS only, and written once more after that', async () => {
    const { views, entries } = await aHouse({ sessionsMax: 2, sosPerSessionMax: 2 })
    const live = views.over('live-feed')
    for (const sosId of ['sos-1', 'sos-2', 'sos-3', 'sos-3', 'sos-1']) live(asha, sosId)
    for (const viewer of [ravi, ashaElsewhere, asha]) live(viewer, 'sos-1')
    await views.stop()
    expect(said(await entries())).toEqual([
      ...['sos-1', 'sos-2', 'sos-3', 'sos-1'].map((id) => `asha sos:${id} live-feed`),
      ...['ravi', 'asha', 'asha'].map((who) => `${who} sos:sos-1 live-feed`),
    ])
  })

  it('that are left when the house stops are written, or it says that they are lost', async () => {
    const { views, breakDown, logged } = await aHouse({ writeAfterMs: 60_000 })
    breakDown()
    views.over('live-feed')(asha, 'sos-1')
    await views.stop()
    expect(logged.at(-1)).toEqual({ level: 'error', message: 'views of where an SOS is are lost' })
    await views.stop()
  })
})
