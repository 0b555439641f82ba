import { useCallback, useEffect, useState } from 'react'
import type { Assignment, Unit } from '../../../contracts/dispatch.ts'
import type { Position } from '../../../contracts/geo.ts'
import type { Severity } from '../../../contracts/severity.ts'
import { request } from '../http/client.ts'
import { toError } from '../http/http-error.ts'
import { useQuery } from '../http/use-query.ts'
import type { Page } from '../ui/use-pages.ts'

/** Units do not come with the live feed: they are asked for this often while the page is looked at. */
const reloadEveryMs = 4000

export interface Board {
  readonly units: readonly Unit[]
  readonly open: readonly Assignment[]
}

export function useBoard() {
  const query = useQuery<Board>('board', async (signal) => {
    const [units, open] = await Promise.all([
      request<{ items: readonly Unit[] }>('/api/units', { signal }),
      request<Page<Assignment>>('/api/assignments', { query: { open: 'true', limit: 1000 }, signal }),
    ])
    return { units: units.items, open: open.items }
  })
  useReloads(query.reload)
  return query
}

/** What the unit of the account has to do; see GET /api/me/assignments. */
export interface OwnAssignments {
  readonly unitNumber: string | undefined
  readonly items: readonly OwnAssignment[]
}

export interface OwnAssignment {
  readonly assignment: Assignment
  readonly case:
    | {
        readonly title: string
        readonly severity: Severity
        readonly position: Position | undefined
        readonly address: string | undefined
        readonly description: string | undefined
        readonly personName: string | undefined
        readonly personPhone: string | undefined
      }
    | undefined
}

/** @param isAsked false for who speaks for no unit */
export function useOwnAssignments(isAsked: boolean) {
  const query = useQuery<OwnAssignments>(isAsked ? 'own' : undefined, (signal) =>
    request<OwnAssignments>('/api/me/assignments', { signal }),
  )
  useReloads(query.reload)
  return query
}

function useReloads(reload: () => void): void {
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') reload()
    }, reloadEveryMs)
    return () => clearInterval(timer)
  }, [reload])
}

export interface Doing {
  readonly isBusy: boolean
  /** What went wrong with the last one. */
  readonly problem: string
  /** @returns whether it was done */
  run(work: () => Promise<unknown>): Promise<boolean>
}

/** One thing at a time, with what went wrong. @param after called when it was done, or refused */
export function useDoing(after: () => void): Doing {
  const [isBusy, setIsBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const run = useCallback(
    async (work: () => Promise<unknown>) => {
      setIsBusy(true)
      setProblem('')
      try {
        await work()
        return true
      } catch (thrown) {
        setProblem(toError(thrown).message)
        return false
      } finally {
        setIsBusy(false)
        after()
      }
    },
    [after],
  )
  return { isBusy, problem, run }
}

export function post(path: string, body: unknown = {}): Promise<unknown> {
  return request(path, { method: 'POST', body })
}
