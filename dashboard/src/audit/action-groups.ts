import { sentences } from './audit-sentences.ts'

interface ActionGroup {
  readonly label: string
  /** What its actions begin with. */
  readonly prefix: string
  readonly actions: readonly string[]
}

const groups = [
  { label: 'People', prefix: 'user-' },
  { label: 'Devices', prefix: 'device' },
  { label: 'Provisioning keys', prefix: 'provisioning-key-' },
  { label: 'Rules', prefix: 'rule-' },
  { label: 'Alerts', prefix: 'alert-' },
  { label: 'SOS', prefix: 'sos-' },
  { label: 'Quarantine', prefix: 'quarantine-' },
  { label: 'MQTT', prefix: 'mqtt-' },
  { label: 'Second factors', prefix: 'second-factor-' },
  { label: 'Backups', prefix: 'backup-' },
  { label: 'The audit itself', prefix: 'audit-' },
] as const

/** The known actions by what they begin with; those that stand alone come last. */
export const actionGroups: readonly ActionGroup[] = groups.map((group) => ({
  ...group,
  actions: Object.keys(sentences).filter((action) => action.startsWith(group.prefix)),
}))

export const otherActions: readonly string[] = Object.keys(sentences).filter(
  (action) => !groups.some(({ prefix }) => action.startsWith(prefix)),
)
