import { useCallback } from 'react'

/**
 * From all there is to the least, each with what went before it. `close`: words without pictures; `tight`: what is far
 * waits behind a button, the own name is a picture; `thumb`: places at the foot of the screen; `least`: the feed is a picture.
 */
const fits = ['', 'close', 'close tight', 'close tight thumb', 'close tight thumb least'] as const
const phoneFits = fits.slice(3)

/** Phones and upright tablets are held at the foot. */
const phones = window.matchMedia('(max-width: 840px)')

/**
 * Tells the stylesheet by `data-fit` how much stands in the bar. What fits depends on the role, the name, the size of
 * the letters and the number of alerts, so it is tried out rather than guessed from the width of the window.
 */
export function useBarFit(): (bar: HTMLElement | null) => (() => void) | undefined {
  return useCallback((bar: HTMLElement | null) => {
    if (bar === null) return
    const fit = () => {
      for (const name of phones.matches ? phoneFits : fits) {
        bar.dataset.fit = name
        if (bar.scrollWidth <= bar.clientWidth) return
      }
    }
    const resizes = new ResizeObserver(fit)
    for (const part of [bar, ...bar.children]) resizes.observe(part)
    return () => resizes.disconnect()
  }, [])
}
