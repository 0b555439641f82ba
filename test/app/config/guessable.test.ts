import { describe, expect, it } from 'vitest'
import { isGuessable } from '../../../app/config/guessable.ts'
import { seeded } from '../../support/seeded.ts'

describe('a secret', () => {
  it.each([
    'changeme',
    'change-me-change-me-change-me-now',
    'your-256-bit-secret-key-change-this',
    'supersecretkeysupersecretkey123456',
    'this-is-a-very-secure-secret-key-2024',
    'replace_with_a_long_random_string',
    'P@ssw0rd1234',
    'Admin@12345678',
    'prahari-admin-2026',
    'default-jwt-secret-for-development',
    'insert your own secret here, please!',
    '0123456789012345678901234567890123',
    'abcdefghijklmnopqrstuvwxyz0123456789',
    'qwertyuiop1234567890',
    'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    'abababababababababababababababababab',
    'xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx',
    '\0'.repeat(32),
  ])('that is an example or a habit is guessable: %j', (secret) => {
    expect(isGuessable(secret)).toBe(true)
  })

  it.each([
    'correct horse battery staple',
    'a-production-secret-kR7zPq0vXw',
    '9f86d081884c7d659a2feaa0c55ad015',
    'mUmbai-7-sparrows-under-bridge',
  ])('that holds more than that is not: %s', (secret) => {
    expect(isGuessable(secret)).toBe(false)
  })

  it.each([
    ['base64', 24],
    ['base64url', 12],
    ['hex', 16],
  ] as const)('drawn at random in %s is not', (encoding, bytes) => {
    const random = seeded(16)
    for (let round = 0; round < 2000; round++) {
      const drawn = Buffer.from(Array.from({ length: bytes }, () => Math.floor(random() * 256))).toString(encoding)
      expect(isGuessable(drawn), drawn).toBe(false)
    }
  })
})
