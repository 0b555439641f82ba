import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { findKind, kinds } from '../../contracts/kinds/index.ts'
import { fieldNames, fieldValuesSchema } from '../../contracts/kinds/kind.ts'
import { kindIdPattern } from '../../contracts/topics.ts'
import { seeded } from '../support/seeded.ts'

const notKinds = new Set(['kind.ts', 'simulation.ts', 'index.ts'])

describe('the registry of kinds', () => {
  it('indexes every file in contracts/kinds by its name', () => {
    const files = readdirSync(new URL('../../contracts/kinds/', import.meta.url)).filter((file) => !notKinds.has(file))
    expect(kinds.map((kind) => `${kind.id}.ts`).sort()).toEqual(files.sort())
  })

  it('has ids that fit in a topic level and are unique', () => {
    for (const kind of kinds) expect(kind.id).toMatch(kindIdPattern)
    expect(new Set(kinds.map((kind) => kind.id)).size).toBe(kinds.length)
  })

  it('does not find what is not there', () => {
    expect(findKind('constructor')).toBeUndefined()
    expect(findKind('')).toBeUndefined()
  })
})

describe.each(kinds.map((kind) => [kind.id, kind] as const))('%s', (_id, kind) => {
  const schema = fieldValuesSchema(kind)

  it.each(kind.examples.valid.map((values) => [values]))('accepts %j', (values) => {
    expect(schema.safeParse(values).success).toBe(true)
  })

  it.each(kind.examples.invalid.map((values) => [values]))('refuses %j', (values) => {
    expect(schema.safeParse(values).success).toBe(false)
  })

  it('simulates a week of readings that all validate', () => {
    const random = seeded(7)
    let previous: Record<string, number> | undefined
    for (let atS = 0; atS < 7 * 86_400; atS += kind.reportEveryS * 10) {
      previous = kind.simulate({ random, hour: (atS / 3600) % 24, previous, elapsedS: kind.reportEveryS * 10 })
      expect(schema.safeParse(previous).success, JSON.stringify(previous)).toBe(true)
      expect(Object.keys(previous).every((name) => fieldNames(kind).includes(name))).toBe(true)
    }
  })

  it('ships thresholds that clear where they no longer raise, within the range', () => {
    for (const threshold of kind.thresholds) {
      const spec = kind.fields[threshold.field]!
      const raise = threshold.raiseAbove ?? threshold.raiseBelow!
      const clear = threshold.clearBelow ?? threshold.clearAbove!
      expect(threshold.raiseAbove !== undefined ? clear <= raise : clear >= raise).toBe(true)
      for (const limit of [raise, clear]) expect(limit >= spec.min && limit <= spec.max).toBe(true)
    }
  })
})
