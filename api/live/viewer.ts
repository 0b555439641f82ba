import type { LiveView } from '../../contracts/live.ts'
import type { Connection } from './connection.ts'
import type { ViewGroup } from './view-groups.ts'

/** One socket on the feed, and how much of the log it knows. */
export interface Viewer {
  readonly connection: Connection
  seesSos: boolean
  /** Told of each SOS whose place it has been sent, however often. */
  readonly sawPlaceOf: (sosId: string) => void
  /** True while nothing may be sent to it, as its token has run out. */
  isStanding: boolean
  /** What it asked for; undefined before it subscribed and after it left. */
  group: ViewGroup | undefined
  /** What it sees; undefined when only a snapshot can help it. */
  held: LiveView | undefined
  /** The last number it was told. */
  toldSeq: number
  /** Up to here it has been sent everything that concerns it; further on than `toldSeq` when nothing did. */
  coveredSeq: number
  filledAtMs: number
}

export function createViewer({
  connection,
  seesSos,
  sawPlaceOf,
}: Pick<Viewer, 'connection' | 'seesSos' | 'sawPlaceOf'>): Viewer {
  return {
    connection,
    seesSos,
    sawPlaceOf,
    isStanding: false,
    group: undefined,
    held: undefined,
    toldSeq: 0,
    coveredSeq: 0,
    filledAtMs: Number.NEGATIVE_INFINITY,
  }
}
