import type { AlertRecords } from './alerts.ts'
import type { AssignmentRecords } from './assignments.ts'
import type { AuditRecords } from './audit.ts'
import type { BroadcastRecords } from './broadcasts.ts'
import type { CommandRecords } from './commands.ts'
import type { ContactRecords } from './contacts.ts'
import type { DeviceStatusRecords } from './device-statuses.ts'
import type { DeviceRecords } from './devices.ts'
import type { IncidentRecords } from './incidents.ts'
import type { NoticeRecipientRecords } from './notice-recipients.ts'
import type { NoticeRecords } from './notices.ts'
import type { OneTimeCodeRecords } from './one-time-codes.ts'
import type { ProvisioningKeyRecords } from './provisioning-keys.ts'
import type { RuleRecords } from './rules.ts'
import type { SecondFactorRecords } from './second-factors.ts'
import type { SessionRecords } from './sessions.ts'
import type { SettingRecords } from './settings.ts'
import type { SilenceRecords } from './silences.ts'
import type { SosRecords } from './sos.ts'
import type { SosPinRecords } from './sos-pins.ts'
import type { StormRecords } from './storms.ts'
import type { UnitRecords } from './units.ts'
import type { UserRecords } from './users.ts'

/** One repository per noun; every method is one durable step unless it is called inside `transaction`. */
export interface Repositories {
  readonly devices: DeviceRecords
  readonly deviceStatuses: DeviceStatusRecords
  readonly provisioningKeys: ProvisioningKeyRecords
  readonly commands: CommandRecords
  readonly users: UserRecords
  readonly sessions: SessionRecords
  readonly secondFactors: SecondFactorRecords
  readonly oneTimeCodes: OneTimeCodeRecords
  readonly contacts: ContactRecords
  readonly notices: NoticeRecords
  readonly noticeRecipients: NoticeRecipientRecords
  readonly audit: AuditRecords
  readonly settings: SettingRecords
  readonly rules: RuleRecords
  readonly alerts: AlertRecords
  readonly silences: SilenceRecords
  readonly storms: StormRecords
  readonly sos: SosRecords
  readonly sosPins: SosPinRecords
  readonly units: UnitRecords
  readonly assignments: AssignmentRecords
  readonly incidents: IncidentRecords
  readonly broadcasts: BroadcastRecords
}

export interface RecordsStats {
  readonly engine: 'sqlite'
  readonly version: string
  readonly bytesOnDisk: number
  /** Rows by table. */
  readonly rows: Readonly<Record<string, number>>
}

export interface RecordsKeep {
  readonly nowMs: number
  /** Commands that came to an end longer ago than this are deleted. */
  readonly commandsKeepDays: number
  /** So are sessions that ended. */
  readonly sessionsKeepDays: number
  /** So are one-time codes. */
  readonly codesKeepDays: number
  /** So are notices, with what was said in them. */
  readonly noticesKeepDays: number
  /** So are resolved alerts with their notes, silences that are over, and storms without members. */
  readonly alertsKeepDays: number
  /** So are the places of closed SOS: all that says where somebody was. */
  readonly sosPositionsKeepDays: number
  /** So is the beginning of the audit trail. */
  readonly auditKeepDays: number
}

/** The records store: people, devices, rules, alerts, what was done. */
export interface Records extends Repositories {
  /**
   * Runs `work` as one durable step. Use only the repositories it is given: the others wait for it to end.
   * Await nothing in it but them, for nobody else can read or write meanwhile.
   */
  transaction<T>(work: (repositories: Repositories) => Promise<T>): Promise<T>
  /** The same, before all that waits: for a call for help. */
  urgently<T>(work: (repositories: Repositories) => Promise<T>): Promise<T>
  /** True when the store answers. Never throws. */
  isHealthy(): Promise<boolean>
  stats(): Promise<RecordsStats>
  /** Ends commands that waited too long, and deletes what is older than its keep. @returns rows deleted, by table */
  retain(keep: RecordsKeep): Promise<Readonly<Record<string, number>>>
  /**
   * Writes a consistent copy while running; the file appears whole or not at all.
   * @returns its size in bytes
   * @throws AppError `backup-exists`
   */
  backup(path: string): Promise<number>
  /** Calling it twice is harmless. */
  close(): Promise<void>
}
