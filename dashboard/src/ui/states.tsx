import type { ReactNode } from 'react'

/** What a page shows in place of its content: while it loads, when there is none, when it failed. */
export function Loading({ what }: { what: string }) {
  return (
    <p className="state" role="status">
      Loading {what} …
    </p>
  )
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="state">
      <strong>{title}</strong>
      {children !== undefined && <div>{children}</div>}
    </div>
  )
}

export function Failed({ what, error, onRetry }: { what: string; error: Error; onRetry: () => void }) {
  return (
    <div className="state state-failed" role="alert">
      <strong>Could not load {what}.</strong>
      <span>{error.message}</span>
      <button type="button" onClick={onRetry}>
        Try again
      </button>
    </div>
  )
}
