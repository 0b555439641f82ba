import { useEffect, useRef } from 'react'
import { LeaveGuard } from '../routing/leave-guard.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { download } from '../ui/download.ts'

/** For the day the phone is lost. Shown once, so the page is not left by a slip. */
export function RecoveryCodes({ codes, onDone }: { codes: readonly string[]; onDone: () => void }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  const text = `${codes.join('\n')}\n`
  return (
    <div className="form">
      <h3 ref={heading} tabIndex={-1}>
        Keep these recovery codes
      </h3>
      <p>
        Each opens once in place of a code of the app, should you lose it. They are shown <strong>this once</strong>.
        Keep them where your password is not.
      </p>
      <ol className="plain recovery-codes" aria-label="Recovery codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ol>
      <div className="row wrap">
        <CopyButton text={text} what="the recovery codes" />
        <button
          type="button"
          onClick={() => download({ name: 'prahari-recovery-codes.txt', type: 'text/plain', text })}
        >
          Save as a file
        </button>
        <button type="button" className="primary" onClick={onDone}>
          I have kept them
        </button>
      </div>
      <LeaveGuard title="Leave without the recovery codes?">
        <p>They are not shown again. Without them, only an administrator can help when your phone is lost.</p>
      </LeaveGuard>
    </div>
  )
}
