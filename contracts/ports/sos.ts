import type { SosPress, SosRecord } from '../sos.ts'

/** The way in for a panic press from any transport. Resolves only when the press is on disk. */
export interface SosIntake {
  press(press: SosPress): Promise<{ readonly sos: SosRecord; readonly isNew: boolean }>
}
