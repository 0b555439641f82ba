import { type ReactNode, useEffect, useRef } from 'react'
import { CopyButton } from './copy-button.tsx'

interface ShownOnceProps {
  readonly title: string
  /** What the value is, in running text: `the secret`. */
  readonly what: string
  readonly value: string
  readonly children?: ReactNode
  readonly onDone: () => void
}

/** A secret that the server will not tell again. Takes the focus, as whoever asked for it has to act on it now. */
export function ShownOnce({ title, what, value, children, onDone }: ShownOnceProps) {
  const section = useRef<HTMLElement>(null)
  useEffect(() => {
    section.current?.focus()
  }, [])
  return (
    <section ref={section} className="card shown-once" aria-label={title} tabIndex={-1}>
      <h2>{title}</h2>
      <p>
        Shown <strong>this once</strong>: only a hash of it is kept. Put it where it belongs before you go on.
      </p>
      <div className="row wrap">
        <code className="secret">{value}</code>
        <CopyButton text={value} what={what} />
      </div>
      {children}
      <div className="row end">
        <button type="button" className="primary" onClick={onDone}>
          I have it
        </button>
      </div>
    </section>
  )
}
