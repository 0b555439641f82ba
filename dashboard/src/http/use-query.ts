import { useCallback, useEffect, useState } from 'react'
import { toError } from './http-error.ts'

export interface Query<T> {
  /** The newest answer; kept while a reload runs and after one that failed, so that a page does not go blank. */
  readonly data: T | undefined
  readonly error: Error | undefined
  readonly loading: boolean
  readonly reload: () => void
}

/**
 * Asks when the key changes and when told to.
 * @param key names the question; a new key forgets the old answer, `undefined` asks nothing
 * @param ask must depend on nothing that is not in the key
 */
export function useQuery<T>(key: string | undefined, ask: (signal: AbortSignal) => Promise<T>): Query<T> {
  const [answer, setAnswer] = useState<{ key?: string | undefined; data?: T; error?: Error }>({})
  const [turn, setTurn] = useState(0)
  const [loading, setLoading] = useState(key !== undefined)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for `ask`; a turn asks again
  useEffect(() => {
    if (key === undefined) return
    const abort = new AbortController()
    setLoading(true)
    ask(abort.signal).then(
      (data) => {
        if (abort.signal.aborted) return
        setAnswer({ key, data })
        setLoading(false)
      },
      (thrown: unknown) => {
        if (abort.signal.aborted) return
        setAnswer((previous) => ({
          key,
          ...(previous.key === key && previous.data !== undefined && { data: previous.data }),
          error: toError(thrown),
        }))
        setLoading(false)
      },
    )
    return () => abort.abort()
  }, [key, turn])
  const reload = useCallback(() => setTurn((now) => now + 1), [])
  const isCurrent = answer.key === key
  return {
    data: isCurrent ? answer.data : undefined,
    error: isCurrent ? answer.error : undefined,
    loading: loading || (key !== undefined && !isCurrent),
    reload,
  }
}
