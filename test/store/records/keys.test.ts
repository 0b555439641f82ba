import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createKeyring } from '../../../store/records/keys.ts'

const secret = 'a records key of at least 32 bytes'
const keys = createKeyring(secret)

describe('sealed text', () => {
  test('opens as what it was, for what it belongs to', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, about) => {
        expect(keys.open(keys.seal(text, about), about)).toBe(text)
      }),
    )
  })

  test('is another each time, and does not show what is in it', () => {
    const sealed = keys.seal('JBSWY3DPEHPK3PXP', 'u1')
    expect(sealed).not.toBe(keys.seal('JBSWY3DPEHPK3PXP', 'u1'))
    expect(Buffer.from(sealed, 'base64url').includes('JBSWY3DP')).toBe(false)
  })

  test('does not open elsewhere, under another key, or after any bit was changed', () => {
    const sealed = keys.seal('secret', 'u1')
    const fault = expect.objectContaining({ family: 'internal', code: 'sealed-unreadable' })
    expect(() => keys.open(sealed, 'u2')).toThrow(fault)
    expect(() => createKeyring(`${secret}!`).open(sealed, 'u1')).toThrow(fault)
    const bytes = Buffer.from(sealed, 'base64url')
    fc.assert(
      fc.property(fc.nat({ max: bytes.length * 8 - 1 }), (bit) => {
        const changed = Buffer.from(bytes)
        changed[bit >> 3]! ^= 1 << (bit & 7)
        expect(() => keys.open(changed.toString('base64url'), 'u1')).toThrow(fault)
      }),
    )
    for (const nonsense of ['', 'x', 'x'.repeat(20)]) expect(() => keys.open(nonsense, 'u1')).toThrow(fault)
  })
})

describe('a stamp', () => {
  test('depends on the key, the purpose and the text', () => {
    const stamp = keys.stamp('audit', 'text')
    expect(stamp).toMatch(/^[0-9a-f]{64}$/)
    expect(keys.stamp('audit', 'text')).toBe(stamp)
    expect(keys.stamp('one-time-code', 'text')).not.toBe(stamp)
    expect(keys.stamp('audit', 'texu')).not.toBe(stamp)
    expect(createKeyring(`${secret}!`).stamp('audit', 'text')).not.toBe(stamp)
  })

  test('needs a key that is long enough', () => {
    expect(() => createKeyring('x'.repeat(31))).toThrow(expect.objectContaining({ code: 'records-key-too-short' }))
  })
})
