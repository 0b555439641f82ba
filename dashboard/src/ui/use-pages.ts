import { useCallback, useEffect, useRef, useState } from 'react'
import { toError } from '../http/http-error.ts'

export interface Page<T> {
  readonly items: readonly T[]
  /** Absent on the last page. */
  readonly nextCursor?: string | undefined
}

export interface Pages<T> {
  /** Undefined until the first page is there. */
  readonly items: readonly T[] | undefined
  readonly hasMore: boolean
  readonly loading: boolean
  readonly error: Error | undefined
  readonly loadMore: () => void
  readonly reload: () => void
}

interface Loaded<T> {
  readonly key: string
  readonly items: readonly T[]
  readonly nextCursor: string | undefined
}

/**
 * A list that comes in pages.
 * @param key names the question; a new one starts over
 */
export function usePages<T>(key: string, ask: (cursor: string | undefined) => Promise<Page<T>>): Pages<T> {
  const [loaded, setLoaded] = useState<Loaded<T>>()
  const [error, setError] = useState<Error>()
  const [loading, setLoading] = useState(true)
  const newest = useRef({ key, ask, turn: 0 })
  newest.current.key = key
  newest.current.ask = ask

  const load = useCallback(async (earlier: Loaded<T> | undefined) => {
    newest.current.turn += 1
    const { turn, key: asked } = newest.current
    setLoading(true)
    setError(undefined)
    try {
      const page = await newest.current.ask(earlier?.nextCursor)
      if (turn !== newest.current.turn) return
      setLoaded({ key: asked, items: [...(earlier?.items ?? []), ...page.items], nextCursor: page.nextCursor })
    } catch (thrown) {
      if (turn === newest.current.turn) setError(toError(thrown))
    }
    if (turn === newest.current.turn) setLoading(false)
  }, [])

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new key is a new list
  useEffect(() => {
    void load(undefined)
  }, [key, load])

  const current = loaded?.key === key ? loaded : undefined
  return {
    items: current?.items,
    hasMore: current?.nextCursor !== undefined,
    loading,
    error,
    loadMore: () => void load(current),
    reload: () => void load(undefined),
  }
}
