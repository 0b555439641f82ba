import { parseOptions } from '@node-rs/bcrypt'
import { expect, test } from 'vitest'
import { createPasswords, drawPassword } from '../../people/passwords.ts'

test('are hashed at the cost that was asked for, each time with another salt', async () => {
  const passwords = createPasswords(12)
  const [one, two] = await Promise.all([passwords.hash('correct horse', 12), passwords.hash('correct horse', 12)])
  expect(parseOptions(one.hash)).toMatchObject({ cost: 12 })
  expect(one.length).toBe(13)
  expect(one.hash).not.toBe(two.hash)
  expect(await passwords.verify('correct horse', one.hash)).toBe(true)
  expect(await passwords.verify('correct horsf', one.hash)).toBe(false)
})

test('nobody’s password is checked at the same cost as somebody’s', async () => {
  const passwords = createPasswords(12)
  // What is compared with when there is no such user: bcrypt must take it for a whole hash, or it would answer at once.
  expect(parseOptions(passwords.nobodysHash)).toMatchObject({ cost: 12 })
  expect(await passwords.verify('anything at all', undefined)).toBe(false)
})

test('the event loop turns while a password is hashed', async () => {
  const passwords = createPasswords(10)
  let turns = 0
  let isDone = false
  const hashing = passwords.hash('correct horse', 12).finally(() => {
    isDone = true
  })
  while (!isDone) {
    await new Promise((resolve) => setImmediate(resolve))
    turns += 1
  }
  await hashing
  expect(turns).toBeGreaterThan(10)
})

test('beyond what may wait, sign-ins are refused instead of piling up', async () => {
  const passwords = createPasswords(4)
  const outcomes = await Promise.allSettled(Array.from({ length: 300 }, () => passwords.verify('guess', undefined)))
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
  expect(refused).toHaveLength(300 - 202)
  expect(refused[0]?.reason).toMatchObject({ family: 'unavailable', code: 'sign-in-busy' })
  expect(await passwords.verify('guess', undefined)).toBe(false)
})

test('drawn passwords are long, different and pass their own rules', async () => {
  const drawn = Array.from({ length: 100 }, drawPassword)
  expect(new Set(drawn).size).toBe(100)
  await createPasswords(4).hash(drawn[0]!, 12)
})
