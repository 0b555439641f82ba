import { expect, it } from 'vitest'
import { parseAuditHead } from '../../app/audit-head.ts'
import { listUpkeepJobs } from '../../app/upkeep.ts'
import { someRecords } from '../store/records/fixture.ts'

const dayMs = 86_400_000
const keep = {
  readingsKeepDays: 365,
  quarantineKeepDays: 30,
  quarantineRowsMax: 1000,
  alertsKeepDays: 365,
  auditKeepDays: 30,
  sosPositionsKeepDays: 30,
}

it('every night the oldest of the audit trail goes, and the head of the rest is in the log', async () => {
  const { records, clock } = await someRecords()
  await records.audit.append({ actor: 'asha', action: 'tested' })
  clock.advance(31 * dayMs)
  await records.audit.append({ actor: 'asha', action: 'tested' })
  const timeSeries = {
    rollUp: async () => ({ rows: 0 }),
    retain: async () => ({ readings: 0, quarantined: 0 }),
    trimQuarantine: async () => ({ removed: 0 }),
  }
  const jobs = listUpkeepJobs({
    config: { keep, backup: undefined },
    records,
    timeSeries,
    backUp: async () => ({ files: [] }),
  })
  const figures = await jobs.find(({ name }) => name === 'retention')!.run(clock.now())
  expect(figures).toMatchObject({ removed: { audit: 1 } })
  const head = parseAuditHead(String(figures.auditHead))
  expect(await records.audit.verify({ expect: head })).toMatchObject({ type: 'intact', firstSeq: 2, ...head })
})
