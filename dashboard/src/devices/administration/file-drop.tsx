import { useId, useState } from 'react'

/** A place to drop a file on, or to choose one by. */
export function FileDrop({ onChoose }: { onChoose: (file: File) => void }) {
  const [isOver, setIsOver] = useState(false)
  const fieldId = useId()
  return (
    <section
      className="file-drop"
      data-over={isOver}
      aria-label="File to import"
      onDragOver={(event) => {
        event.preventDefault()
        setIsOver(true)
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        setIsOver(false)
        const [file] = event.dataTransfer.files
        if (file !== undefined) onChoose(file)
      }}
    >
      <p>Drop a CSV or JSON file here, or</p>
      <input
        id={fieldId}
        className="unseen"
        type="file"
        accept=".csv,.json,text/csv,application/json"
        onChange={({ target }) => {
          const [file] = target.files ?? []
          if (file !== undefined) onChoose(file)
          // The same file, mended, is another choice.
          target.value = ''
        }}
      />
      <label htmlFor={fieldId} className="button">
        Choose a file
      </label>
      <p className="muted">
        5,000 devices and 2 MiB at most. CSV with a heading:{' '}
        <code>id, name, kinds, latitude, longitude, gatewayId, owner</code> and <code>label:…</code> columns; kinds are
        separated by <code>;</code>
      </p>
    </section>
  )
}
