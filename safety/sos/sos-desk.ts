import type { Bus } from '../../contracts/bus.ts'
import type { SosIntake } from '../../contracts/ports/sos.ts'
import type { SosPress, SosRecord } from '../../contracts/sos.ts'
import type { Page, Records, SosQuery } from '../../store/index.ts'

/** @throws AppError `sos-not-found`, `sos-already-resolved` */
export interface SosDesk extends SosIntake {
  get(sosId: string): Promise<SosRecord>
  /** Newest first. */
  list(query: SosQuery): Promise<Page<SosRecord>>
  presses(sosId: string): Promise<readonly SosPress[]>
  resolve(options: { readonly sosId: string; readonly by: string }): Promise<SosRecord>
}

export interface SosDeskDeps {
  readonly records: Records
  readonly bus: Bus
  readonly now: () => number
}

export function createSosDesk(deps: SosDeskDeps): SosDesk {
  throw new Error(`no SOS desk yet at ${deps.now()}`)
}
