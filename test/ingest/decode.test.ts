import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { kinds } from '../../contracts/kinds/index.ts'
import { fieldNames, fieldValuesSchema } from '../../contracts/kinds/kind.ts'
import { decodePayload } from '../../ingest/decode.ts'
import { parseObservedAt } from '../../ingest/observed-time.ts'
import { readSenmlPack } from '../../ingest/senml.ts'
import { createValueCheck } from '../../ingest/validate.ts'

describe('any bytes at all', () => {
  it('decode to an outcome and never throw', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.uint8Array().map((bytes) => Buffer.from(bytes).toString()),
        ),
        (text) => {
          expect(['one', 'many', 'bad']).toContain(decodePayload(text, 0).type)
        },
      ),
    )
  })
})

describe('the fast check of values', () => {
  it.each(kinds.map((kind) => [kind.id, kind] as const))('agrees with the schema of %s', (_id, kind) => {
    const check = createValueCheck(kind)
    const schema = fieldValuesSchema(kind)
    const values = new Float64Array(check.names.length)
    const anyValue = fc.oneof(
      fc.double({ noNaN: true }),
      fc.double({ min: -50, max: 200, noNaN: true }),
      fc.constantFrom(null, 'x', true, [], {}, Number.POSITIVE_INFINITY),
      ...kind.examples.valid.flatMap((example) => Object.values(example).map((value) => fc.constant(value))),
    )
    const candidate = fc.dictionary(fc.constantFrom(...fieldNames(kind), 'other'), anyValue)
    fc.assert(
      fc.property(candidate, (input) => {
        expect(check.check(input, values) === undefined).toBe(schema.safeParse(input).success)
      }),
    )
  })
})

describe('times', () => {
  it.each([
    [1_763_700_000_000, 1_763_700_000_000],
    [1_763_700_000_000.4, 1_763_700_000_000],
    ['2025-11-21T04:40:00Z', 1_763_700_000_000],
    ['2025-11-21T04:40:00.123Z', 1_763_700_000_123],
    ['2025-11-21T10:10:00+05:30', 1_763_700_000_000],
    ['2025-11-21', Number.NaN],
    ['2025-11-21T04:40:00', Number.NaN],
    ['2025-13-41T04:40:00Z', Number.NaN],
    [null, Number.NaN],
    [{}, Number.NaN],
    ['9'.repeat(10_000), Number.NaN],
  ])('%j', (value, expected) => {
    expect(parseObservedAt(value)).toBe(expected)
  })
})

describe('SenML (RFC 8428)', () => {
  it('resolves base name, base time and base value; times below 2^28 are relative to now', () => {
    const pack = [
      { bn: 'urn:dev:ow:10e2073a01080063:', bt: -5, bv: 20, n: 'temperatureC', v: 3.5 },
      { n: 'humidityPct', v: 40, t: 1 },
      { bn: 'other/', bt: 1_763_700_000, bv: 0, n: 'temperatureC', v: 7 },
    ]
    expect(readSenmlPack(pack, 1_000_000)).toEqual([
      { ts: 995_000, temperatureC: 23.5 },
      { ts: 996_000, humidityPct: 60 },
      { ts: 1_763_700_000_000, temperatureC: 7 },
    ])
  })

  it.each([
    [[{ n: 'x' }]],
    [[{ n: 5, v: 1 }]],
    [[{ n: 'x', t: 'now', v: 1 }]],
    [[{ n: 'x', v: 1 }, null]],
    [[{ n: '__proto__', v: 1 }]],
    [[{ bn: 'a:', n: '', v: 1 }]],
  ])('refuses %j', (pack) => {
    expect(readSenmlPack(pack, 0)).toBeUndefined()
  })
})
