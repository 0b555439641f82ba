import { useState } from 'react'
import { request, requestBlob } from '../http/client.ts'
import { toError } from '../http/http-error.ts'
import { formatBytes } from '../ui/format.ts'
import { Failed, Loading } from '../ui/states.tsx'
import { Time } from '../ui/time.tsx'
import { useNameOfActor } from './sos-pieces.tsx'
import { casePath, type EvidenceItem, useCaseQuery } from './use-sos.ts'

const kindWords = { photo: 'Photo', audio: 'Sound', video: 'Video' } as const

/** What was recorded. That somebody looks at it is kept with the case. */
export function CaseEvidence({ id, version }: { id: string; version: number }) {
  const query = useCaseQuery(
    id,
    (signal) => request<{ items: readonly EvidenceItem[] }>(`${casePath(id)}/evidence`, { signal }),
    { version },
  )
  const nameOf = useNameOfActor()
  const [problem, setProblem] = useState('')
  async function download(item: EvidenceItem): Promise<void> {
    setProblem('')
    try {
      saveAs(await requestBlob(item.path), `sos-${item.id}.${item.mediaType.split('/')[1]}`)
    } catch (thrown) {
      setProblem(toError(thrown).message)
    }
  }
  return (
    <section className="card" aria-labelledby="case-evidence">
      <h3 id="case-evidence">Evidence</h3>
      {query.error !== undefined && <Failed what="the evidence" error={query.error} onRetry={query.reload} />}
      {query.data === undefined && query.error === undefined && <Loading what="the evidence" />}
      {query.data?.items.length === 0 && <p className="muted">Nothing was recorded.</p>}
      {query.data !== undefined && query.data.items.length > 0 && (
        <ul className="plain lines" aria-label="Recordings">
          {query.data.items.map((item) => (
            <li key={item.id} className="sos-unit">
              <span className="grow">
                <strong>{kindWords[item.kind]}</strong> {formatBytes(item.bytes)}{' '}
                <span className="muted">
                  <Time atMs={item.addedAtMs} /> by {nameOf(item.addedBy)}
                </span>
              </span>
              <button type="button" onClick={() => void download(item)}>
                Download
              </button>
            </li>
          ))}
        </ul>
      )}
      <p className="problem" role="alert">
        {problem}
      </p>
    </section>
  )
}

/** The token is in a header, so the browser cannot fetch the file by a plain link. */
function saveAs(file: Blob, name: string): void {
  const url = URL.createObjectURL(file)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}
