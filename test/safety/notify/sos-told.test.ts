import { describe, expect, it, onTestFinished } from 'vitest'
import { createSosDesk, enqueueSosNotices } from '../../../safety/index.ts'
import { aPress } from '../../store/records/fixture.ts'
import { anHttpServer, type Received } from './fixture.ts'
import { anOutboxHouse, areSettled, aWebhook, describeRows } from './outbox-house.ts'

const phone = '+919876543210'
const textOf = ({ body }: Received): string => JSON.parse(body).data.text

/** An owner with a band and a contact, an operator, and a desk that tells. */
async function aCity() {
  const { url, received } = await anHttpServer((response) => void response.writeHead(204).end())
  const house = await anOutboxHouse({ phone: aWebhook(url) })
  const { records, bus } = house
  const ownerId = await house.anOwner([{ phone }])
  await records.users.update(ownerId, { name: 'Asha' })
  await records.devices.register({ id: 'band-1', kinds: [], labels: {}, ownerId })
  const operator = await house.aUser('operator')
  const pins = { check: async () => 'unset' as const }
  const desk = createSosDesk({ records, bus, now: Date.now, pins, duringStep: enqueueSosNotices })
  onTestFinished(() => desk.stop())
  const press = (seq: number) => {
    const atMs = Date.now()
    return desk.press(aPress({ seq, observedAtMs: atMs, receivedAtMs: atMs }))
  }
  return { ...house, received, ownerId, operator, desk, press }
}

describe('an SOS', () => {
  it('is told to contacts and operators once, however often it is pressed, and its end to the same', async () => {
    const { anOutbox, press, desk, rowsOf, received, ownerId } = await aCity()
    await anOutbox().start()
    const { sos } = await press(1)
    await press(2)
    await press(3)
    const raised = await rowsOf(`sos:${sos.id}:raised`, areSettled)
    expect(describeRows(raised)).toEqual([
      'sms sent',
      'email skipped no-address',
      'socket skipped not-connected',
      'sms sent',
      'email skipped no-channel',
    ])
    expect(received.map(textOf).sort()).toEqual([
      expect.stringMatching(/^Asha raised an SOS at \d\d:\d\d UTC/),
      expect.stringMatching(/^SOS from Asha at/),
    ])
    received.length = 0
    await desk.cancel({ sosId: sos.id, by: ownerId })
    await rowsOf(`sos:${sos.id}:cancelled`, areSettled)
    expect(received.map(textOf)).toEqual(Array(2).fill(expect.stringMatching(/^Asha cancelled the SOS/)))
  })

  it('that was pressed while nothing could be sent is told by the next server', async () => {
    const { anOutbox, press, rowsOf, received } = await aCity()
    const { sos } = await press(1)
    expect(received).toEqual([])
    await anOutbox().start()
    await rowsOf(`sos:${sos.id}:raised`, areSettled)
    expect(received).toHaveLength(2)
  })

  it('stands when its notice cannot be written', async () => {
    const { records, bus } = await aCity()
    const desk = createSosDesk({
      records,
      bus,
      now: Date.now,
      duringStep: async () => {
        throw new Error('no room')
      },
    })
    const { sos } = await desk.press(aPress({ deviceId: 'band-1', receivedAtMs: Date.now() }))
    expect(await records.sos.get(sos.id)).toMatchObject({ state: 'active' })
  })
})
