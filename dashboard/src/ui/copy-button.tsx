import { useState } from 'react'

interface CopyButtonProps {
  readonly text: string
  /** In running text: `the secret`. */
  readonly what: string
  readonly label?: string
}

/** Puts a text on the clipboard and says whether it did: over plain HTTP a browser may not let a page. */
export function CopyButton({ text, what, label }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<'copied' | 'refused'>()

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text)
      setOutcome('copied')
    } catch {
      setOutcome('refused')
    }
  }

  return (
    <>
      <button
        type="button"
        aria-label={outcome === undefined && label === undefined ? `Copy ${what}` : undefined}
        onClick={() => void copy()}
      >
        {outcome === 'copied' ? 'Copied' : (label ?? 'Copy')}
      </button>
      <span className={outcome === 'refused' ? 'problem' : 'unseen'} role="status">
        {outcome === 'copied' && `${what} copied`}
        {outcome === 'refused' && 'This browser does not let the page copy. Select the text.'}
      </span>
    </>
  )
}
