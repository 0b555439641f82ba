import { type ReactNode, useEffect, useState } from 'react'
import { Confirm } from '../ui/dialog.tsx'
import { navigate, setLeaveGuard } from './router.ts'

interface LeaveGuardProps {
  readonly title: string
  /** What would be lost. */
  readonly children: ReactNode
}

/** While shown, asks before another page is; closing the tab or reloading, the browser asks in its own words. */
export function LeaveGuard({ title, children }: LeaveGuardProps) {
  const [wanted, setWanted] = useState<string>()
  useEffect(() => {
    const askBrowser = (event: BeforeUnloadEvent) => event.preventDefault()
    setLeaveGuard((to) => {
      setWanted(to)
      return false
    })
    window.addEventListener('beforeunload', askBrowser)
    return () => {
      setLeaveGuard(undefined)
      window.removeEventListener('beforeunload', askBrowser)
    }
  }, [])
  if (wanted === undefined) return null
  return (
    <Confirm
      title={title}
      action="Leave"
      keep="Stay"
      onClose={() => setWanted(undefined)}
      onConfirm={() => {
        setLeaveGuard(undefined)
        navigate(wanted)
      }}
    >
      {children}
    </Confirm>
  )
}
