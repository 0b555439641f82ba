import { useEffect } from 'react'
import type { AccountSettings } from '../../../contracts/account-settings.ts'

/** What somebody needs goes with them wherever they sign in: the stylesheet follows attributes of the root. */
export function useComfort(settings: AccountSettings['accessibilitySettings']): void {
  const { reducedMotion, highContrast, largeIconsMode } = settings
  useEffect(() => {
    const { dataset } = document.documentElement
    const wanted = {
      motion: reducedMotion && 'reduced',
      contrast: highContrast && 'high',
      size: largeIconsMode && 'large',
    }
    for (const [name, value] of Object.entries(wanted)) if (value !== false) dataset[name] = value
    return () => {
      for (const name of Object.keys(wanted)) delete dataset[name]
    }
  }, [reducedMotion, highContrast, largeIconsMode])
}

/** For what moves by script. The desktop's own wish is known to whoever moves it. */
export function wantsLessMotion(): boolean {
  return document.documentElement.dataset.motion === 'reduced'
}
