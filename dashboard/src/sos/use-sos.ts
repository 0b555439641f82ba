import { useEffect } from 'react'
import type { Assignment, Unit } from '../../../contracts/dispatch.ts'
import type { NoticeChannel, NoticeState } from '../../../contracts/notice.ts'
import type { Severity } from '../../../contracts/severity.ts'
import type {
  SosAction,
  SosEvidence,
  SosLocation,
  SosOutcome,
  SosPosition,
  SosSource,
  SosState,
  SosTrigger,
} from '../../../contracts/sos.ts'
import { type Query, useQuery } from '../http/use-query.ts'

/** What the feed does not tell of (units, notices) is asked for this often while the case is looked at. */
const reloadEveryMs = 5000

/** See GET /api/sos/:id. */
export interface SosDetail {
  readonly id: string
  readonly source: SosSource
  readonly state: SosState
  readonly outcome: SosOutcome | undefined
  readonly trigger: SosTrigger
  readonly deviceId: string | undefined
  readonly userId: string | undefined
  readonly userName: string | undefined
  readonly userPhone: string | undefined
  readonly message: string | undefined
  readonly severity: Severity
  readonly severityReasons: readonly string[]
  readonly isDuress: boolean
  readonly escalation: 0 | 1 | 2
  readonly pressCount: number
  readonly batteryPct: number | undefined
  readonly location: (SosLocation & { readonly address: string | undefined }) | undefined
  readonly timeline: readonly SosTimelineLine[]
  readonly triggeredAtMs: number
  readonly acknowledgedAtMs: number | undefined
  readonly acknowledgedBy: string | undefined
  readonly dispatchedAtMs: number | undefined
  readonly onSceneAtMs: number | undefined
  readonly resolvedAtMs: number | undefined
  readonly cancelledAtMs: number | undefined
  readonly closedBy: string | undefined
  readonly lastSeenAtMs: number
  readonly silentSinceMs: number | undefined
  readonly updatedAtMs: number
}

export interface SosTimelineLine {
  readonly atMs: number
  readonly actor: string
  readonly action: SosAction
  readonly note: string | undefined
  readonly detail: Readonly<Record<string, unknown>>
}

export type TrailPoint = Pick<SosPosition, 'latitude' | 'longitude' | 'isPlausible'> & { readonly atMs: number }
export type EvidenceItem = Omit<SosEvidence, 'sosId'> & { readonly path: string }

/** See GET /api/notices. */
export interface NoticeLine {
  readonly id: string
  readonly eventKey: string
  readonly recipient: {
    readonly type: 'user' | 'contact' | 'device'
    readonly id: string
    readonly name: string | undefined
  }
  readonly channel: NoticeChannel
  readonly state: NoticeState
  readonly isTold: boolean
  readonly isPerhapsTold: boolean
  readonly reason: string | undefined
  readonly createdAtMs: number
}

/** See GET /api/sos/:id/recommendation. */
export interface Recommendation {
  readonly candidates: readonly {
    readonly unit: Unit
    readonly distanceM: number | undefined
    readonly positionAgeS: number
  }[]
  readonly excluded: readonly {
    readonly unit: Unit
    readonly reasons: readonly { readonly code: string; readonly text: string }[]
  }[]
}

export interface CaseUnits {
  readonly assignments: readonly Assignment[]
  readonly recommendation: Recommendation | undefined
}

export const casePath = (id: string) => `/api/sos/${encodeURIComponent(id)}`

/**
 * An answer about a case, asked again whenever the feed tells that the case has changed.
 * @param options.isWatched also asks again by the clock, for what changes without the case
 */
export function useCaseQuery<T>(
  key: string | undefined,
  ask: (signal: AbortSignal) => Promise<T>,
  { version, isWatched = false }: { readonly version: number; readonly isWatched?: boolean },
): Query<T> {
  const query = useQuery(key, ask)
  const { reload } = query
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version says when
  useEffect(reload, [version])
  useEffect(() => {
    if (!isWatched) return
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') reload()
    }, reloadEveryMs)
    return () => clearInterval(timer)
  }, [isWatched, reload])
  return query
}
