import { useEffect, useState } from 'react'
import { request } from '../http/client.ts'
import type { Person } from './person.ts'

const atOnceMax = 8

/**
 * Names of people by id, read one by one as they are first met. Who has no name, or is not there any more, stays an id.
 * @param ids may grow and change from one drawing to the next
 */
export function usePeopleNames(ids: readonly string[]): ReadonlyMap<string, string> {
  const [names, setNames] = useState<ReadonlyMap<string, string>>(new Map())
  const missing = ids.filter((id) => !names.has(id)).slice(0, atOnceMax)
  const wanted = missing.join('\n')
  useEffect(() => {
    if (wanted === '') return
    const abort = new AbortController()
    const asked = wanted.split('\n')
    void Promise.all(asked.map((id) => readName(id, abort.signal))).then((read) => {
      if (abort.signal.aborted) return
      setNames((earlier) => new Map([...earlier, ...asked.map((id, at): [string, string] => [id, read[at]!])]))
    })
    return () => abort.abort()
  }, [wanted])
  return names
}

async function readName(id: string, signal: AbortSignal): Promise<string> {
  try {
    return (await request<Person>(`/api/users/${encodeURIComponent(id)}`, { signal })).name || id
  } catch {
    return id
  }
}
