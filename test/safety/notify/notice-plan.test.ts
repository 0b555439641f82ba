import { describe, expect, it } from 'vitest'
import { AppError } from '../../../contracts/errors.ts'
import type { Notice } from '../../../contracts/notice.ts'
import { planFollowUp, planNotices } from '../../../safety/notify/notice-plan.ts'
import { decideAfterFailure } from '../../../safety/notify/notice-tries.ts'
import type { NoticeRecipient } from '../../../store/index.ts'

const person = (given: Partial<NoticeRecipient> = {}): NoticeRecipient => ({
  recipient: 'user:u1',
  state: 'active',
  isSignedIn: true,
  isOffDuty: false,
  hasConsented: true,
  phone: '+911',
  email: 'a@b.example',
  ...given,
})
const all = { phone: true, email: true }
const plan = (people: readonly NoticeRecipient[], reach = all) =>
  planNotices(
    people.map((one) => ({ tell: 0, person: one })),
    reach,
  ).map(({ channel, place, skip }) => `${channel} ${skip ?? place}`)

describe('who is told by which way', () => {
  it.each<[string, Partial<NoticeRecipient>, readonly string[]]>([
    ['staff', {}, ['socket 0', 'sms 1', 'email 2']],
    ['staff without a number', { phone: undefined }, ['socket 0', 'sms no-address', 'email 1']],
    ['a contact', { recipient: 'contact:c1' }, ['sms 0', 'email 1']],
    ['a contact without a number', { recipient: 'contact:c1', phone: undefined }, ['sms no-address', 'email 0']],
    ['a wearable', { recipient: 'device:d1' }, ['mqtt 0']],
    ['somebody signed out', { isSignedIn: false }, ['socket signed-out']],
    ['somebody off duty', { isOffDuty: true }, ['socket off-duty']],
    ['somebody banned, before all else', { state: 'banned', isSignedIn: false, isOffDuty: true }, ['socket banned']],
    ['a contact who has not agreed', { recipient: 'contact:c1', hasConsented: false }, ['sms no-consent']],
  ])('%s', (_who, given, expected) => {
    expect(plan([person(given)])).toEqual(expected)
  })

  it('what the server has no way to is left out, and the next is first', () => {
    expect(plan([person({ recipient: 'contact:c1' })], { phone: false, email: true })).toEqual([
      'sms no-channel',
      'email 0',
    ])
  })

  it('nobody is told twice for being named twice', () => {
    expect(plan([person(), person()])).toHaveLength(3)
  })

  it('a follow-up goes by the surest way first, and by no way that was not tried', () => {
    const row = (channel: Notice['channel'], state: Notice['state']) =>
      ({ recipient: 'user:u1', channel, state, address: 'x' }) as Notice & { address: string }
    const told = [row('email', 'failed'), row('sms', 'sent'), row('socket', 'delivered'), row('sms', 'sent')]
    expect(planFollowUp(told, 0).map(({ channel, place }) => `${channel} ${place}`)).toEqual([
      'socket 0',
      'sms 1',
      'email 2',
    ])
  })
})

describe('after a failed try', () => {
  const limits = { triesMaxBeforeFallback: 3, triesMax: 10, restMsFirst: 1000, restMsMax: 60_000 }
  const fail = (code: string, message = 'x') => new AppError('unavailable', code, message)
  const decide = (error: unknown, { tries = 1, hasFallback = false, random = 1 } = {}) =>
    decideAfterFailure({ tries, hasFallback }, error, { limits, nowMs: 0, random })

  it('rests longer each time, never longer than the longest, and not all at once', () => {
    const rests = [1, 2, 3, 4, 7, 8, 9].map((tries) => decide(fail('channel-busy'), { tries }))
    expect(rests.map((rest) => 'nextTryAtMs' in rest && rest.nextTryAtMs)).toEqual([
      1000, 2000, 4000, 8000, 60_000, 60_000, 60_000,
    ])
    expect(decide(fail('channel-busy'), { random: 0 })).toMatchObject({ nextTryAtMs: 500 })
  })

  it.each([
    ['a refusal ends it', fail('channel-refused'), 1, false, { type: 'failed', isPerhapsTold: false }],
    ['the third try ends it where another way waits', fail('channel-busy'), 3, true, { type: 'failed' }],
    ['the tenth ends it where none does', fail('channel-busy'), 10, false, { type: 'failed' }],
    [
      'no answer may have been a yes',
      fail('channel-unreachable', 'no answer in time'),
      1,
      false,
      { type: 'again', isPerhapsTold: true },
    ],
    ['no connection was none', fail('channel-unreachable', 'x: ECONNREFUSED'), 1, false, { isPerhapsTold: false }],
    ['what nobody foresaw may pass', new TypeError('x'), 1, false, { type: 'again', reason: 'unexpected' }],
  ] as const)('%s', (_what, error, tries, hasFallback, expected) => {
    expect(decide(error, { tries, hasFallback })).toMatchObject(expected)
  })
})
