import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { userTopics } from '../../broker/access/user-topics.ts'
import { defaultLimits, refusalNames } from '../../broker/index.ts'
import { quarantineReasons } from '../../contracts/reading.ts'

const guide = readFileSync(new URL('../../docs/device-guide.md', import.meta.url), 'utf8')
/** Names in the first column of the tables, as code. */
const rows = [...guide.matchAll(/^\| `([a-z0-9-]+)` \|/gm)].map(([, name]) => name!)

describe('the device guide', () => {
  it('explains every reason for quarantine and every refusal, and none that there is not', () => {
    expect(rows.toSorted()).toEqual([...quarantineReasons, ...refusalNames].sort())
  })

  it('says what each role of backend users may subscribe to', () => {
    const said = Object.keys(userTopics).map((role) => {
      const row = guide.match(new RegExp(`^\\| (?:[a-z_, ]*, )?${role}(?:, [a-z_, ]*)? \\| (.*) \\|$`, 'm'))?.[1] ?? ''
      const all = row.replace('the same', guide.match(/^\| analyst \| (.*) \|$/m)![1]!)
      return [role, [...all.matchAll(/`([^`]+)`/g)].map(([, filter]) => filter)]
    })
    expect(said).toEqual(Object.entries(userTopics))
  })

  it('states the limits that are set', () => {
    const said = [
      `| packet | ${defaultLimits.packetBytesMax / 1024} KiB |`,
      `| ${defaultLimits.ratePerSMax} messages/s after ${defaultLimits.burstMax.toLocaleString('en')} at once |`,
      `| messages under way | ${defaultLimits.inFlightMax} per connection |`,
      `| connections | ${defaultLimits.connectionsMax.toLocaleString('en')} |`,
      `| CONNECT | within ${defaultLimits.connectTimeoutMs / 1000} s |`,
      `| reading what is sent | within ${defaultLimits.drainTimeoutMs / 1000} s |`,
      `| topic | ${defaultLimits.topicLevelsMax} levels |`,
      `| announcements kept for a device that is away | ${defaultLimits.offlineMessagesMax} |`,
      `| status kept | ${defaultLimits.retainedPayloadBytesMax / 1024} KiB |`,
      `| backend users | ${defaultLimits.readersMax} connections |`,
      `${defaultLimits.readerBacklogBytesMax / 1024 / 1024} MiB that it has not read`,
      `${defaultLimits.readerUnacknowledgedMax.toLocaleString('en')} messages it has not acknowledged`,
      `${defaultLimits.forwardsPerSMax.toLocaleString('en')} messages a\n  second for all readers`,
      `0 means the server's own, ${defaultLimits.keepaliveDefaultS / 60} minutes`,
    ]
    expect(said.filter((words) => !guide.includes(words))).toEqual([])
  })
})
