import { describe, expect, it } from 'vitest'
import { createViolationAudit } from '../../app/violation-audit.ts'

const violation = {
  deviceId: 'lamp-1',
  userId: undefined,
  action: 'publish',
  topic: 'v1/devices/lamp-2/sos',
  remote: '10.0.0.9',
  atMs: 0,
} as const

function anAudit() {
  const entries: { actor: string; action: string; detail?: Readonly<Record<string, unknown>> }[] = []
  const append = async (entry: (typeof entries)[number]) => {
    entries.push(entry)
    return { id: '1', seq: 1, atMs: 0, subject: undefined, detail: {}, ...entry }
  }
  return { entries, audit: { append } }
}

describe('the audit of attempts on foreign topics', () => {
  it('says who tried what', () => {
    const { entries, audit } = anAudit()
    createViolationAudit({ audit, log: { error: () => undefined } })(violation)
    expect(entries).toMatchObject([
      {
        actor: 'device:lamp-1',
        action: 'mqtt-publish-refused',
        detail: { topic: 'v1/devices/lamp-2/sos', repeats: 0 },
      },
    ])
  })

  it('writes one entry a minute however often it is tried, and counts the rest', () => {
    const { entries, audit } = anAudit()
    const note = createViolationAudit({ audit, log: { error: () => undefined } })
    for (let atMs = 0; atMs < 60_000; atMs += 1000) note({ ...violation, atMs })
    expect(entries).toHaveLength(1)
    note({ ...violation, atMs: 60_000 })
    expect(entries.map(({ detail }) => detail?.repeats)).toEqual([0, 59])
  })

  it('names a backend user by the account', () => {
    const { entries, audit } = anAudit()
    const note = createViolationAudit({ audit, log: { error: () => undefined } })
    note({ ...violation, deviceId: undefined, userId: 'u1', action: 'subscribe' })
    expect(entries).toMatchObject([{ actor: 'u1', action: 'mqtt-subscribe-refused' }])
  })

  it('does not let one device hide another', () => {
    const { entries, audit } = anAudit()
    const note = createViolationAudit({ audit, log: { error: () => undefined } })
    note(violation)
    note({ ...violation, deviceId: 'lamp-3' })
    note({ ...violation, deviceId: undefined })
    expect(entries.map(({ actor }) => actor)).toEqual(['device:lamp-1', 'device:lamp-3', 'address:10.0.0.9'])
  })
})
