import type { SosPress, SosRecord } from '../../contracts/sos.ts'
import type { Page, PageQuery } from './page.ts'

export interface SosQuery extends PageQuery {
  readonly state?: SosRecord['state']
  readonly deviceId?: string
}

/** Panic presses. That a device has at most one active SOS is enforced by the database. */
export interface SosRecords {
  /**
   * Commits the press. It opens an SOS, or joins the one that is active.
   * @returns isNew is true when it opened one; isRepeat when this very press had been committed before
   */
  press(
    press: SosPress,
    options: {
      /** A press resent within this time of its first receipt joins even when its SOS was resolved in between. */
      readonly resendWindowMs: number
    },
  ): Promise<{ readonly sos: SosRecord; readonly isNew: boolean; readonly isRepeat: boolean }>
  get(sosId: string): Promise<SosRecord | undefined>
  /** Newest first. */
  list(query: SosQuery): Promise<Page<SosRecord>>
  /** Every press of an SOS, oldest first, the newest 1,000. */
  presses(sosId: string): Promise<readonly SosPress[]>
  /** @returns undefined when it is not active */
  resolve(options: {
    readonly sosId: string
    readonly by: string
    readonly atMs: number
  }): Promise<SosRecord | undefined>
}
