import type { SosPress } from '../sos.ts'

/** The way in for a panic press from a wearable. Resolves only when the press is on disk. */
export interface SosIntake {
  press(press: SosPress): Promise<unknown>
}

/** Whether somebody who takes an SOS back may: the PINs are known to their owners' room alone. */
export interface SosPins {
  /**
   * Takes the same time for every answer but `unset`.
   * @throws AppError `too-many-sign-ins`
   */
  check(userId: string, pin: string | undefined): Promise<'unset' | 'missing' | 'right' | 'duress' | 'wrong'>
}
