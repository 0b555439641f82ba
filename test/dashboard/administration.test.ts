import { describe, expect, it } from 'vitest'
import { may } from '../../contracts/access.ts'
import { kinds } from '../../contracts/kinds/index.ts'
import { roles } from '../../contracts/roles.ts'
import { parseUpTopic } from '../../contracts/topics.ts'
import { composeConnectLine } from '../../dashboard/src/devices/administration/connect-line.ts'
import { emptyDeviceForm, findProblems, toDeviceInput } from '../../dashboard/src/devices/administration/device-form.ts'
import { readPosition } from '../../dashboard/src/devices/administration/position-text.ts'
import { drawPassword } from '../../dashboard/src/users/draw-password.ts'
import { addressesOf, stateOf } from '../../dashboard/src/users/person.ts'
import { grantableRoles, mayGrant, roleWords } from '../../dashboard/src/users/role-words.ts'
import { passwordLengthMin } from '../../people/passwords.ts'
import { mayGrant as serverMayGrant } from '../../people/ranks.ts'

describe('roles', () => {
  it.each(roles)('%s offers exactly the roles that the server lets it give', (own) => {
    expect(grantableRoles(own)).toEqual(roles.filter((role) => serverMayGrant(own, role)))
    expect(grantableRoles(own).length > 0).toBe(may(own, 'users.manage'))
  })

  it.each(roles)('%s is explained in one line', (role) => {
    expect(roleWords[role].may).toMatch(/^[A-Z].{10,90}\.$/)
  })

  it('lets nobody change the account of somebody above them', () => {
    expect(mayGrant('admin', 'super_admin')).toBe(false)
    expect(mayGrant('super_admin', 'super_admin')).toBe(true)
  })
})

describe('a person', () => {
  it.each([
    [{ isBanned: false, isActive: true }, 'active'],
    [{ isBanned: true, isActive: false }, 'banned'],
    [{ isBanned: false, isActive: false }, 'erased'],
  ])('%j is %s', (person, state) => {
    expect(stateOf(person)).toBe(state)
  })

  it('is reached by what they have, e-mail first', () => {
    expect(addressesOf({ email: undefined, phone: '9876543210', username: 'ravi' })).toEqual(['9876543210', 'ravi'])
  })
})

describe('a drawn password', () => {
  it('is long enough for every role, can be copied by hand, and is another each time', () => {
    const drawn = Array.from({ length: 200 }, drawPassword)
    expect(new Set(drawn).size).toBe(drawn.length)
    for (const password of drawn) {
      expect(password).toMatch(/^[A-Za-z0-9_-]{20}$/)
      expect(password.length).toBeGreaterThanOrEqual(Math.max(...roles.map(passwordLengthMin)))
    }
  })
})

describe('a position that is typed', () => {
  it.each([
    ['', ' ', { type: 'none' }],
    ['15.001', '88,002', { type: 'position', position: { latitude: 15.001, longitude: 88.002 } }],
    ['-90', '180', { type: 'position', position: { latitude: -90, longitude: 180 } }],
    ['90.1', '0', { type: 'problem', problem: 'The latitude is between -90 and 90.' }],
    ['north', '0', { type: 'problem', problem: 'The latitude is between -90 and 90.' }],
    ['1', '', { type: 'problem', problem: 'The longitude is between -180 and 180.' }],
    ['1', '-180.1', { type: 'problem', problem: 'The longitude is between -180 and 180.' }],
  ])('%j, %j', (latitude, longitude, read) => {
    expect(readPosition({ latitude, longitude })).toEqual(read)
  })
})

describe('the form of a device', () => {
  it.each(['', ' ', 'a/b', '-lamp', 'é', 'x'.repeat(65)])('takes no id %j', (id) => {
    expect(findProblems({ ...emptyDeviceForm, id }).id).toMatch(/^Letters, digits/)
  })

  it('says what is wrong with the place, and nothing of what is right', () => {
    const position = { latitude: '91', longitude: '' }
    expect(Object.keys(findProblems({ ...emptyDeviceForm, id: 'lamp-17', position }))).toEqual(['position'])
    expect(findProblems({ ...emptyDeviceForm, id: ' lamp-17 ' })).toEqual({})
  })

  it('sends what was filled in and nothing else', () => {
    expect(toDeviceInput({ ...emptyDeviceForm, id: ' lamp-17 ' })).toEqual({ id: 'lamp-17', kinds: [] })
    const whole = {
      id: 'lamp-17',
      name: ' Lamp 17 ',
      kinds: ['noise'],
      position: { latitude: '1', longitude: '2' },
      gateway: { id: 'gw', name: 'Gateway', note: '' },
      owner: { id: 'user-1', name: 'Meena', note: '' },
    }
    expect(toDeviceInput(whole)).toEqual({
      id: 'lamp-17',
      name: 'Lamp 17',
      kinds: ['noise'],
      position: { latitude: 1, longitude: 2 },
      gatewayId: 'gw',
      ownerId: 'user-1',
    })
  })
})

describe('the line that tries a device', () => {
  const device = { host: 'city.example', deviceId: 'lamp-17', secret: '-s3cret' }

  it.each(kinds.map(({ id }) => id))('publishes an example of %s where the device may', (kind) => {
    const [, topic = '', payload = ''] = /-t (\S+).*-m '(.*)'$/s.exec(composeConnectLine({ ...device, kinds: [kind] }))!
    expect(parseUpTopic(topic)?.route).toEqual({ type: 'telemetry', deviceId: 'lamp-17', kindId: kind })
    expect(Object.keys(JSON.parse(payload) as object).length).toBeGreaterThan(0)
  })

  it('reports a status for a device that measures nothing, and can be pasted as it is', () => {
    expect(composeConnectLine({ ...device, kinds: [] })).toBe(
      [
        'mosquitto_pub -h city.example -i lamp-17 -u lamp-17 \\',
        "  -P '-s3cret' \\",
        '  -q 1 -t v1/devices/lamp-17/status \\',
        '  -m \'{"batteryPct":80}\'',
      ].join('\n'),
    )
  })
})
