import type { Logger } from 'pino'
import type { Bus } from '../../contracts/bus.ts'
import type { SosPins } from '../../contracts/ports/sos.ts'
import type { SosAction, SosRecord } from '../../contracts/sos.ts'
import type { Records, Repositories } from '../../store/index.ts'
import type { SosClockOptions } from './clockwork.ts'

/** A step of an SOS's life that is being committed. */
export interface SosStep {
  readonly sos: SosRecord
  readonly action: SosAction
  /** For `pressed`: whether it opened the SOS. */
  readonly isNew: boolean
}

export interface SosDeskDeps {
  readonly records: Records
  readonly bus: Bus
  readonly now: () => number
  readonly log?: Pick<Logger, 'warn' | 'error'>
  /** Without it no PIN is asked for. */
  readonly pins?: SosPins
  readonly clock?: Partial<SosClockOptions>
  /** IANA name of where the city is, for what counts as night. */
  readonly timeZone?: string
  /** Whom a device belongs to; from memory, as it is asked at every position of every device. */
  readonly ownerOf?: (deviceId: string) => string | undefined
  /** Folder of photos and recordings. Without it none are taken. */
  readonly evidenceDir?: string
  /**
   * Writes what has to be told along with each step, in its transaction. For a press it must not fail: it is reported,
   * and the press stands.
   */
  readonly duringStep?: (repositories: Repositories, step: SosStep) => Promise<void>
}

/** The deps with what stands for the absent ones. */
export interface SosTools extends SosDeskDeps {
  readonly log: Pick<Logger, 'warn' | 'error'>
  readonly clock: SosClockOptions
  readonly localHour: (atMs: number) => number
  readonly book: OpenBook
}

/** Which open SOS a device's positions belong to; from memory, as most devices have none. */
export interface OpenBook {
  /** An open one is known from now on, a closed one is forgotten. */
  put(sos: SosRecord, deviceId?: string): void
  /** @returns the id of the SOS */
  findOf(deviceId: string): string | undefined
  /** @returns false when the last position of that SOS is too short ago */
  takePosition(sosId: string, atMs: number): boolean
}
