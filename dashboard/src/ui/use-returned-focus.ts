import { type RefObject, useEffect, useRef } from 'react'

/** What opened a form takes the focus back once the form is gone; else it would start again at the top of the page. */
export function useReturnedFocus<E extends HTMLElement = HTMLButtonElement>(isOpen: boolean): RefObject<E | null> {
  const opener = useRef<E>(null)
  const wasOpen = useRef(isOpen)
  useEffect(() => {
    if (wasOpen.current && !isOpen) opener.current?.focus()
    wasOpen.current = isOpen
  }, [isOpen])
  return opener
}
