import type { AuditHead, AuditVerdict } from '../../store/index.ts'
import type { BackupManifest } from '../backup/manifest.ts'

/** What the server on a data directory says of itself. */
export interface ServerStatus {
  readonly pid: number
  readonly version: string
  readonly startedAtMs: number
  /** Undefined until it listens, and in a process without the api role. */
  readonly url: string | undefined
}

/** What an action that takes its time is told and may tell. */
export interface ActionContext {
  /** Goes to whoever asked, before the answer. */
  readonly progress: (progress: unknown) => void
  /** Aborted when whoever asked is gone. */
  readonly signal: AbortSignal
}

/** What the command line may ask of the server on the same machine. The socket's file permissions are the authority. */
export interface ControlActions {
  status(input: Record<string, never>): Promise<ServerStatus>
  backup(input: { readonly directory: string }): Promise<BackupManifest>
  resetPassword(input: { readonly email: string }): Promise<{ readonly password: string }>
  /** Its progress is AuditProgress. */
  auditVerify(input: { readonly expect?: AuditHead | undefined }, context: ActionContext): Promise<AuditVerdict>
}

export type ControlActionName = keyof ControlActions
