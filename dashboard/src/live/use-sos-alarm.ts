import { useEffect, useRef } from 'react'
import type { SosRecord } from '../../../contracts/sos.ts'
import { titleWith } from '../sos/sos-words.ts'
import { ringSos, startSosSound } from './sos-sound.ts'

const blinkEveryMs = 1000

/** While somebody waits for an answer: a sound, and the number of them in the title of the tab. */
export function useSosAlarm(waiting: readonly SosRecord[]): void {
  useEffect(startSosSound, [])
  const count = waiting.length
  const isLoud = waiting.some(({ escalation }) => escalation > 0)
  useEffect(() => {
    ringSos(count > 0, { loud: isLoud })
  }, [count, isLoud])
  useTitle(count)
}

/** Pages set their own title; ours is put before whichever it is. */
function useTitle(waiting: number): void {
  const own = useRef('')
  useEffect(() => {
    if (waiting === 0) return
    let title = document.title
    const blink = () => {
      if (document.title !== own.current) title = document.title
      own.current = titleWith({ title, waiting, nowMs: Date.now() })
      document.title = own.current
    }
    own.current = ''
    blink()
    const timer = setInterval(blink, blinkEveryMs)
    return () => {
      clearInterval(timer)
      if (document.title === own.current) document.title = title
    }
  }, [waiting])
}
