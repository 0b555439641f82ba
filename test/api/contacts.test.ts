import { describe, expect, it } from 'vitest'
import { anApiHouse, password } from '../support/api-house.ts'

const ravi = { name: 'Ravi', relationship: 'brother', phone: '98765 43210' }
const meera = { name: 'Meera', email: 'Meera@Home.example' }
const raviAt = '+919876543210'

async function aHouseWithContacts() {
  const house = await anApiHouse()
  const put = (body: unknown) => house.call('PUT', '/api/users/contacts', { as: 'citizen', body })
  const { status, body } = await put({ contacts: [ravi, meera] })
  expect(status).toBe(200)
  const consent = (id: string, given: unknown = undefined) =>
    house.call('POST', `/api/users/contacts/${id}/consent`, {
      as: 'citizen',
      ...(given !== undefined && { body: given }),
    })
  return { ...house, put, consent, contacts: body.contacts }
}

describe('emergency contacts', () => {
  it('are kept in their order, and each is asked by a code', async () => {
    const { contacts, inbox, call } = await aHouseWithContacts()
    expect(contacts).toMatchObject([
      { name: 'Ravi', relation: 'brother', relationship: 'brother', phone: '9876543210', isVerified: false },
      { name: 'Meera', email: 'meera@home.example', isVerified: false, askedAt: expect.any(String) },
    ])
    expect(inbox.codeTo(raviAt)).toMatch(/^\d{6}$/)
    expect(inbox.messages.at(-1)).toMatchObject({ subject: 'The citizen names you as an emergency contact' })
    const profile = await call('GET', '/api/users/profile', { as: 'citizen' })
    expect(profile.body.emergencyContacts).toEqual(contacts)
    expect((await call('GET', '/api/users/contacts', { as: 'resident' })).body).toEqual({ contacts: [] })
  })

  it('have agreed once the code is brought, and at that address alone', async () => {
    const { contacts, inbox, consent } = await aHouseWithContacts()
    const { status, body } = await consent(contacts[0].id, { code: inbox.codeTo(raviAt) })
    expect(status).toBe(200)
    expect(body.contact).toMatchObject({ isVerified: true, isPhoneConsented: true, isEmailConsented: false })
    expect((await consent(contacts[0].id, { code: inbox.codeTo(raviAt) })).body.error.code).toBe('invalid-otp')
  })

  it('are not guessed into agreeing: five tries, then not even the right code', async () => {
    const { contacts, inbox, consent } = await aHouseWithContacts()
    const right = inbox.codeTo(raviAt)
    const wrong = right === '000000' ? '000001' : '000000'
    for (let tries = 0; tries < 5; tries++) expect((await consent(contacts[0].id, { code: wrong })).status).toBe(400)
    expect((await consent(contacts[0].id, { code: right })).body.error.code).toBe('invalid-otp')
  })

  it('cannot agree a day later', async () => {
    const { contacts, inbox, clock, deps, call } = await aHouseWithContacts()
    clock.nowMs += 24 * 3_600_000
    const signIn = { email: 'citizen@city.example', password, clientAddress: '192.0.2.1' }
    const { accessToken: token } = await deps.accounts.signIn(signIn)
    const path = `/api/users/contacts/${contacts[0].id}/consent`
    const late = await call('POST', path, { token, body: { code: inbox.codeTo(raviAt) } })
    expect(late.body.error.code).toBe('invalid-otp')
  })

  it('lose their consent with the address, and keep it through everything else', async () => {
    const { contacts, inbox, put, consent } = await aHouseWithContacts()
    await consent(contacts[0].id, { code: inbox.codeTo(raviAt) })
    const moved = await put([
      { name: 'Meera', email: meera.email },
      { name: 'Ravi K', phone: raviAt },
    ])
    expect(moved.body.contacts).toMatchObject([
      { name: 'Meera', id: contacts[1].id },
      { name: 'Ravi K', id: contacts[0].id, isVerified: true },
    ])
    const changed = await put([{ id: contacts[0].id, name: 'Ravi', phone: '9876543219' }])
    expect(changed.body.contacts).toMatchObject([{ id: contacts[0].id, isVerified: false }])
    expect(inbox.codeTo('+919876543219')).toMatch(/^\d{6}$/)
  })

  it('are asked five times a day at most, also when they are removed and named again', async () => {
    const { put, consent, inbox } = await aHouseWithContacts()
    for (let again = 0; again < 6; again++) {
      await put([])
      await put([ravi])
    }
    expect(inbox.messages.filter(({ to }) => to.address === raviAt)).toHaveLength(5)
    const { body } = await put([ravi])
    const refused = await consent(body.contacts[0].id)
    expect([refused.status, refused.body.error.code]).toEqual([429, 'too-many-codes'])
  })

  it.each([
    ['more than ten', Array.from({ length: 11 }, (_, at) => ({ name: `C${at}`, phone: `98765432${10 + at}` })), 400],
    ['the same number twice', [ravi, { ...ravi, name: 'Ravi again' }], 400],
    ['a number that is none', [{ name: 'Ravi', phone: 'call me' }], 400],
    ['no address', [{ name: 'Ravi' }], 400],
    ['no name', [{ phone: ravi.phone }], 400],
    ['an id of somebody else’s', [{ ...ravi, id: 'contact-of-another' }], 404],
  ])('are refused: %s', async (_what, body, status) => {
    const { put, call, contacts } = await aHouseWithContacts()
    expect((await put(body)).status).toBe(status)
    expect((await call('GET', '/api/users/contacts', { as: 'citizen' })).body.contacts).toEqual(contacts)
  })

  it('of others are out of reach', async () => {
    const { contacts, call, inbox } = await aHouseWithContacts()
    const path = `/api/users/contacts/${contacts[0].id}/consent`
    const stranger = await call('POST', path, { as: 'resident', body: { code: inbox.codeTo(raviAt) } })
    expect([stranger.status, stranger.body.error.code]).toEqual([404, 'contact-not-found'])
  })

  it('are in what one takes along, and are gone with the account, with what is still to be said', async () => {
    const { contacts, call, deps, userIdOf } = await aHouseWithContacts()
    const ownerId = userIdOf('citizen')
    expect((await call('GET', '/api/users/export', { as: 'citizen' })).body.emergencyContacts).toEqual(contacts)
    await deps.records.notices.enqueue({
      key: 'sos:s1:raised',
      thread: 'sos:s1',
      urgency: 'sos',
      ends: false,
      aboutUserId: ownerId,
      tells: [{ to: { type: 'contacts', ownerId }, subject: 'SOS', text: 'SOS from the citizen' }],
    })
    expect((await call('DELETE', '/api/users/me', { as: 'citizen', body: { password } })).status).toBe(204)
    expect(await deps.records.contacts.listOf(ownerId)).toEqual([])
    expect((await deps.records.notices.unplanned(9)).map(({ tells }) => tells)).toEqual([[]])
  })
})

describe('who was told', () => {
  it('is told to dispatchers, with a name and a reason, without words or addresses', async () => {
    const { deps, call, userIdOf } = await anApiHouse()
    const { notices } = deps.records
    await notices.enqueue({
      key: 'sos:s1:raised',
      thread: 'sos:s1',
      urgency: 'sos',
      ends: false,
      tells: [{ to: { type: 'staff', roles: ['operator'] }, subject: 'SOS', text: 'words of an SOS' }],
    })
    const [event] = await notices.unplanned(1)
    const recipient = `user:${userIdOf('operator')}`
    const row = { recipient, tell: 0, address: raviAt }
    await notices.plan(event!, {
      rows: [
        { ...row, channel: 'sms', place: 0, skip: undefined },
        { ...row, channel: 'email', place: 1, skip: 'no-address' },
      ],
      expiresAtMs: deps.now() + 900_000,
    })
    const [claimed] = await notices.claim({ channel: 'sms', urgency: 'sos', limit: 1 })
    await notices.settle(claimed!.id, { type: 'sent' })

    const { body, text } = await call('GET', '/api/notices?eventKey=sos:s1:raised', { as: 'operator' })
    expect(body.items).toMatchObject([
      { channel: 'email', state: 'skipped', isTold: false, reason: 'no-address' },
      { channel: 'sms', state: 'sent', isTold: true, reason: null, recipient: { type: 'user', name: 'The operator' } },
    ])
    expect(text).not.toMatch(/words of an SOS|9876543210/)
    expect((await call('GET', '/api/notices?eventKey=sos:s2:raised', { as: 'operator' })).body.items).toEqual([])
    expect((await call('GET', '/api/notices?thread=sos:s1', { as: 'operator' })).body.items).toHaveLength(2)
  })
})
