import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type NoticeEvent, type NoticeState, noticeChannels, noticeFollowing } from '../../../contracts/notice.ts'
import type { NoticeOutcome, PlannedNotice } from '../../../store/index.ts'
import { someRecords } from './fixture.ts'

const event = (key: string, ends = false): NoticeEvent => ({
  key,
  thread: 'sos:s1',
  urgency: 'sos',
  ends,
  tells: [{ to: { type: 'told' }, subject: 'SOS', text: 'An SOS.' }],
})

const ladder = (recipient: string): PlannedNotice[] =>
  (['sms', 'email'] as const).map((channel, place) => ({
    recipient,
    channel,
    place,
    tell: 0,
    address: 'somewhere',
    skip: undefined,
  }))

async function aPlan(recipients: readonly string[]) {
  const fixture = await someRecords()
  const { notices } = fixture.records
  await notices.enqueue(event('raised'))
  const [stored] = await notices.unplanned(1)
  const expiresAtMs = fixture.clock.now() + 900_000
  await notices.plan(stored!, { rows: recipients.flatMap(ladder), expiresAtMs })
  const states = async () => {
    const { items } = await notices.list({ limit: 1000 })
    return new Map(items.map((row) => [`${row.recipient} ${row.channel}`, row]))
  }
  return { ...fixture, notices, stored: stored!, expiresAtMs, states }
}

const outcome: fc.Arbitrary<NoticeOutcome> = fc.oneof(
  fc.constantFrom<NoticeOutcome>({ type: 'sent' }, { type: 'delivered' }),
  fc.record({
    type: fc.constant('again' as const),
    reason: fc.constant('channel-busy'),
    isPerhapsTold: fc.boolean(),
    nextTryAtMs: fc.constant(0),
  }),
  fc.record({
    type: fc.constant('failed' as const),
    reason: fc.constant('channel-refused'),
    isPerhapsTold: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('skipped' as const),
    reason: fc.constant('signed-out' as const),
    isForAll: fc.boolean(),
  }),
)

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('claim' as const), channel: fc.constantFrom(...noticeChannels) }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('settle' as const), pick: fc.nat(9), outcome }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('deliver' as const), pick: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('crash' as const, 'expire' as const, 'end' as const) }) },
)

describe('the rows of the outbox', () => {
  it('take no step that is not theirs to take, whatever happens in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { records, notices, states, clock, stored, expiresAtMs } = await aPlan(['contact:a', 'contact:b'])
        const told = new Set<string>()
        let before = await states()
        for (const one of steps) {
          const ids = [...before.values()].map(({ id }) => id).sort()
          if (one.do === 'claim') {
            const claimed = await notices.claim({ channel: one.channel, urgency: 'sos', limit: 1 })
            // Nobody is told again by a way that is noted to have told them.
            for (const { id } of claimed) expect(told).not.toContain(id)
          } else if (one.do === 'settle') await notices.settle(ids[one.pick % ids.length]!, one.outcome)
          else if (one.do === 'deliver') await notices.markDelivered(ids[one.pick % ids.length]!)
          else if (one.do === 'crash') await notices.releaseAll()
          else if (one.do === 'end') await notices.supersede('sos:s1', { ...stored, id: 'zzz' })
          else {
            clock.advance(expiresAtMs)
            await notices.expireDue()
            clock.advance(-expiresAtMs)
          }
          const after = await states()
          for (const [key, row] of after) {
            const was: NoticeState = before.get(key)!.state
            if (row.state !== was) expect(noticeFollowing[was], `${was} to ${row.state}`).toContain(row.state)
            if (row.state === 'sent' || row.state === 'delivered') {
              expect(row.sentAtMs).toBeDefined()
              told.add(row.id)
            } else expect(told).not.toContain(row.id)
            // A reason stands where there is something to explain, and only there.
            if (row.state === 'failed' || row.state === 'skipped') expect(row.reason).toBeDefined()
          }
          // Of the two ways to one recipient never both are being tried.
          for (const recipient of ['contact:a', 'contact:b']) {
            const sending = [...after.values()].filter((row) => row.recipient === recipient && row.state === 'sending')
            expect(sending.length).toBeLessThanOrEqual(1)
          }
          before = after
        }
        await records.close()
      }),
      { numRuns: 40 },
    )
  })

  it('one recipient has one row per step and channel', async () => {
    const { notices, stored, expiresAtMs, states } = await aPlan(['contact:a'])
    await notices.plan(stored, { rows: ladder('contact:a'), expiresAtMs })
    expect((await states()).size).toBe(2)
  })

  it('an event commits with what it tells of, or not at all', async () => {
    const { records, listen } = await someRecords()
    const queued = listen('notice-queued')
    await expect(
      records.transaction(async ({ notices }) => {
        await notices.enqueue(event('raised'))
        throw new Error('the SOS was not stored')
      }),
    ).rejects.toThrow('the SOS was not stored')
    expect(await records.notices.unplanned(9)).toEqual([])
    expect(queued).toEqual([])
    await records.transaction(({ notices }) => notices.enqueue(event('raised')))
    expect(queued).toEqual([{ eventKey: 'raised' }])
  })

  it('are forgotten with their words when they are old, and not before they were planned', async () => {
    const { records, clock, states } = await aPlan(['contact:a'])
    await records.notices.enqueue(event('unplanned'))
    const keep = {
      commandsKeepDays: 1,
      sessionsKeepDays: 1,
      codesKeepDays: 1,
      alertsKeepDays: 1,
      sosPositionsKeepDays: 1,
      auditKeepDays: 30,
      noticesKeepDays: 30,
    }
    clock.advance(30 * 86_400_000)
    expect(await records.retain({ nowMs: clock.now(), ...keep })).toMatchObject({ notices: 0 })
    clock.advance(1)
    expect(await records.retain({ nowMs: clock.now(), ...keep })).toMatchObject({ notices: 1 })
    expect((await states()).size).toBe(0)
    expect(await records.notices.unplanned(9)).toHaveLength(1)
  })
})
