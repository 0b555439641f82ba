import { expect, it } from 'vitest'
import type { RuleCondition } from '../../contracts/rule-condition.ts'
import { aPipeline, aRule, noonMs } from '../support/pipeline-harness.ts'

const scope = { kind: 'air-quality', field: 'pm25' } as const

/** Readings a minute apart; the house is restarted in the middle of them, with or without a snapshot on disk. */
it.each<[string, RuleCondition, readonly number[], readonly (readonly [minute: number, type: string])[]]>([
  [
    'a rate',
    { type: 'rate', ...scope, direction: 'rising', raise: 4, clear: 1, windowS: 240, holdS: 0 },
    [10, 15, 20, 25, 30, 30, 30, 30, 30],
    [
      [2, 'raise'],
      [8, 'clear'],
    ],
  ],
  [
    'an AND that has to hold',
    {
      type: 'all',
      kind: 'air-quality',
      holdS: 240,
      parts: [
        { type: 'above', field: 'pm25', raise: 20, clear: 15 },
        { type: 'below', field: 'pm25', raise: 90, clear: 95 },
      ],
    },
    [30, 18, 18, 18, 18, 14, 30],
    [
      [4, 'raise'],
      [5, 'clear'],
    ],
  ],
  [
    'a threshold with steps',
    { type: 'above', ...scope, raise: 20, clear: 15, holdS: 0, steps: [{ raise: 40, severity: 'critical' }] },
    [10, 50, 50, 30, 30, 10],
    [
      [1, 'raise'],
      [3, 'level'],
      [5, 'clear'],
    ],
  ],
])('%s goes on where it stood after a restart', async (_, condition, values, told) => {
  for (const restartAt of values.keys()) {
    for (const withSnapshot of [false, true]) {
      const harness = await aPipeline({ rules: [aRule(condition)] })
      const heard: [number, string][] = []
      for (const [at, pm25] of values.entries()) {
        harness.nowMs = noonMs + at * 60_000
        for (const { type } of await harness.send({ body: { ts: harness.nowMs, pm25 } })) heard.push([at, type])
        if (at !== restartAt) continue
        if (withSnapshot) await harness.snapshot()
        await harness.restart()
      }
      expect(heard, `restarted after ${restartAt}, ${withSnapshot ? 'with' : 'without'} a snapshot`).toEqual(told)
    }
  }
})
