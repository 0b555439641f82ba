import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { access, type Capability, may, owns, reachOf } from '../../contracts/access.ts'
import { roles } from '../../contracts/roles.ts'

const capabilities = Object.keys(access) as Capability[]

describe('the access table', () => {
  it('names roles that exist, each once', () => {
    for (const capability of capabilities) {
      const { all, own }: { readonly all: readonly string[]; readonly own: readonly string[] } = access[capability]
      const named = [...all, ...own]
      expect(new Set(named).size, capability).toBe(named.length)
      expect(roles, capability).toEqual(expect.arrayContaining(named))
    }
  })

  it('gives a super_admin all that an admin may', () => {
    for (const capability of capabilities) {
      expect(reachOf('super_admin', capability), capability).toBe(reachOf('admin', capability))
    }
  })

  it('lets who reaches only what is their own in, and tells them apart', () => {
    expect(reachOf('citizen', 'devices.read')).toBe('own')
    expect(reachOf('operator', 'devices.read')).toBe('all')
    expect(may('citizen', 'devices.read')).toBe(true)
    expect(reachOf('citizen', 'devices.manage')).toBeUndefined()
  })
})

const name = fc.option(fc.constantFrom('', 'a', 'b', 'c'), { nil: undefined })

describe('whose a row is', () => {
  it.each([
    ['an SOS or a device of theirs', { userId: 'u1' }, { ownerId: 'u1' }, true],
    ['an SOS of somebody else', { userId: 'u1' }, { ownerId: 'u2' }, false],
    ['a visitor of their flat', { userId: 'u1', flatNumber: 'B-204' }, { flatNumber: 'B-204' }, true],
    ['a visitor of another flat', { userId: 'u1', flatNumber: 'B-204' }, { flatNumber: 'B-205' }, false],
    ['a visitor, for who has no confirmed flat', { userId: 'u1' }, { flatNumber: 'B-204' }, false],
    ['an assignment of their unit', { userId: 'u1', unitNumber: '7' }, { unitNumber: '7' }, true],
    ['an assignment of another unit', { userId: 'u1', unitNumber: '7' }, { unitNumber: '8' }, false],
    ['a row that belongs to nobody', { userId: 'u1' }, {}, false],
    ['a row with an empty flat, for who has an empty one', { userId: 'u1', flatNumber: '' }, { flatNumber: '' }, false],
  ])('%s', (_, person, row, expected) => {
    expect(owns(person, row)).toBe(expected)
  })

  it('is never theirs unless one name is the same on both sides', () => {
    const person = fc.record({ userId: fc.constantFrom('a', 'b'), flatNumber: name, unitNumber: name })
    const row = fc.record({ ownerId: name, flatNumber: name, unitNumber: name })
    fc.assert(
      fc.property(person, row, (who, what) => {
        const shared = [
          [who.userId, what.ownerId],
          [who.flatNumber, what.flatNumber],
          [who.unitNumber, what.unitNumber],
        ].some(([mine, its]) => mine !== undefined && mine !== '' && mine === its)
        expect(owns(who, what)).toBe(shared)
      }),
    )
  })
})
