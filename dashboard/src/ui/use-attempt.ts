import { useCallback, useState } from 'react'
import { explainFault } from '../http/explain-fault.ts'

/** Something asked of the server by hand: under way, or refused with a sentence. */
export interface Attempt {
  readonly busy: boolean
  readonly problem: string | undefined
  /** @returns whether it was done */
  readonly run: (work: () => Promise<unknown>) => Promise<boolean>
}

export function useAttempt(): Attempt {
  const [state, setState] = useState<{ readonly busy: boolean; readonly problem?: string }>({ busy: false })
  const run = useCallback(async (work: () => Promise<unknown>) => {
    setState({ busy: true })
    try {
      await work()
      setState({ busy: false })
      return true
    } catch (thrown) {
      setState({ busy: false, problem: explainFault(thrown) })
      return false
    }
  }, [])
  return { busy: state.busy, problem: state.problem, run }
}
