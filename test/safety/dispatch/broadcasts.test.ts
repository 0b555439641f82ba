import { describe, expect, it, onTestFinished } from 'vitest'
import type { Area } from '../../../contracts/area.ts'
import { createBroadcastCarrier, createBroadcastDesk } from '../../../safety/index.ts'
import { silentLog, someRecords } from '../../store/records/fixture.ts'
import { townHall } from './builders.ts'

const circle: Area = { type: 'circle', center: townHall, radiusM: 500 }

interface Announced {
  readonly topic: string
  readonly text: string
}

async function aBroadcaster() {
  const fixture = await someRecords()
  const deps = { ...fixture, now: fixture.clock.now, log: silentLog }
  const desk = createBroadcastDesk({ ...deps, devices: { all: () => [] } })
  const announced: Announced[] = []
  const announcer = {
    isBroken: false,
    async announce({ topic, payload }: { topic: string; payload: Uint8Array }) {
      if (announcer.isBroken) throw new Error('the broker is stopping')
      announced.push({ topic, text: (JSON.parse(Buffer.from(payload).toString()) as { text: string }).text })
    },
  }
  const aCarrier = () => {
    const carrier = createBroadcastCarrier({ ...deps, announcer })
    onTestFinished(() => carrier.stop())
    return carrier
  }
  const send = (text: string) => desk.send({ area: circle, text, severity: 'high', by: 'operator-1' })
  return { ...fixture, desk, announced, announcer, aCarrier, send }
}

describe('broadcasts', () => {
  it('go to the city, and it is noted when the broker had them', async () => {
    const { desk, send, aCarrier, announced, clock } = await aBroadcaster()
    const carrier = aCarrier()
    await carrier.start()
    const { id, announcedAtMs } = await send('Stay inside')
    expect(announcedAtMs).toBeUndefined()
    await carrier.stop()
    expect(announced).toEqual([{ topic: 'v1/city/broadcasts', text: 'Stay inside' }])
    expect((await desk.get(id)).announcedAtMs).toBe(clock.atMs)
  })

  it('what was sent while there was no broker is carried at its start, once, and not when it is of no use any more', async () => {
    const { send, aCarrier, announced, clock } = await aBroadcaster()
    await send('old')
    clock.advance(6 * 3_600_000)
    await send('new')
    for (let start = 0; start < 2; start++) {
      const carrier = aCarrier()
      await carrier.start()
      await carrier.stop()
    }
    expect(announced.map(({ text }) => text)).toEqual(['new'])
  })

  it('one that the broker did not take is tried again at the next start', async () => {
    const { send, aCarrier, announced, announcer } = await aBroadcaster()
    announcer.isBroken = true
    const first = aCarrier()
    await first.start()
    await send('Stay inside')
    await first.stop()
    expect(announced).toEqual([])
    announcer.isBroken = false
    await aCarrier().start()
    expect(announced).toHaveLength(1)
  })

  it('one there is not is not found', async () => {
    const { desk } = await aBroadcaster()
    await expect(desk.get('nothing')).rejects.toMatchObject({ code: 'broadcast-not-found' })
  })
})
