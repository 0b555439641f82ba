import type { CaseRef } from '../dispatch.ts'
import type { Position } from '../geo.ts'
import type { Severity } from '../severity.ts'

/** What dispatch needs to know of a case, whatever it is. */
export interface DispatchCase extends CaseRef {
  readonly isOpen: boolean
  /** The case of the same type that this one became part of. */
  readonly mergedInto: string | undefined
  /** How far help has come: nobody sent, somebody sent, somebody there. */
  readonly progress: 'waiting' | 'dispatched' | 'on-scene'
  /** Where help is needed now; the newest that is known. */
  readonly position: Position | undefined
  readonly address: string | undefined
  readonly severity: Severity
  /** One line: what it is about. */
  readonly title: string
  /** What somebody wrote about it. */
  readonly description: string | undefined
  /** Whom it is about, for the units that are sent to them. */
  readonly person: { readonly name: string | undefined; readonly phone: string | undefined } | undefined
}

/** Where cases of one type live. Dispatch moves a case through the desk that owns it, and never writes it itself. */
export interface CaseDesk {
  /** @returns undefined when there is none */
  find(caseId: string): Promise<DispatchCase | undefined>
  /**
   * Help has come further; or nobody is on the way any more, and somebody has to send another. Harmless when the case is
   * there already, or cannot go there.
   */
  setProgress(options: {
    readonly caseId: string
    readonly to: DispatchCase['progress']
    readonly by: string
    readonly note: string
  }): Promise<void>
  /** Adds a line to what happened. */
  note(options: { readonly caseId: string; readonly by: string; readonly note: string }): Promise<void>
}
