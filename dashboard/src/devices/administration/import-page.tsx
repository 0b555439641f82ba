import { LeaveGuard } from '../../routing/leave-guard.tsx'
import { download } from '../../ui/download.ts'
import { formatCount } from '../../ui/format.ts'
import { Crumbs } from './crumbs.tsx'
import { FileDrop } from './file-drop.tsx'
import { importTemplate } from './import-file.ts'
import { composeFailed, composeSecrets, countResults } from './import-report.ts'
import { ImportResults } from './import-results.tsx'
import { type Import, useImport } from './use-import.ts'

/** Devices from a file: checked, sent in parts, and reported line by line with secrets that are shown this once. */
export function ImportPage() {
  const { current, refusal, choose, send, stop, save, forget } = useImport()
  const created = current === undefined ? 0 : countResults(current.results).created
  const unsaved = current === undefined ? 0 : countResults(current.results.slice(current.savedCount)).created
  const isAtRisk = unsaved > 0 || current?.state === 'sending'

  function downloadSecrets({ name, results }: Import): void {
    download({ name: `secrets of ${baseName(name)}.csv`, type: 'text/csv', text: composeSecrets(results) })
    save()
  }

  return (
    <div className="page">
      <Crumbs here="Import" />
      <header className="page-head">
        <h1>Import devices</h1>
        <button
          type="button"
          className="link"
          onClick={() => download({ name: 'devices.csv', type: 'text/csv', text: importTemplate })}
        >
          Download a template
        </button>
      </header>
      {(current === undefined || current.state === 'ready') && <FileDrop onChoose={(file) => void choose(file)} />}
      <p className="problem" role="alert">
        {refusal}
      </p>
      {current?.state === 'ready' && (
        <section className="card" aria-label="Chosen file">
          <h2>{current.name}</h2>
          <p>
            {formatCount(current.file.rows.length)} {current.file.rows.length === 1 ? 'device' : 'devices'}. Ids that
            are registered already are left as they are.
          </p>
          <p>
            Each new device gets a secret that is shown <strong>this once</strong>: download them before you leave the
            page.
          </p>
          <div className="row end">
            <button type="button" onClick={forget}>
              Another file
            </button>
            <button type="button" className="primary" onClick={() => void send()}>
              Import
            </button>
          </div>
        </section>
      )}
      {current !== undefined && current.state !== 'ready' && (
        <>
          <Progress import={current} onStop={stop} onGoOn={() => void send()} />
          <div className="row wrap">
            {created > 0 && (
              <button
                type="button"
                className={unsaved > 0 ? 'primary' : undefined}
                disabled={current.state === 'sending'}
                onClick={() => downloadSecrets(current)}
              >
                Download {formatCount(created)} {created === 1 ? 'secret' : 'secrets'}
              </button>
            )}
            {current.results.length > created && (
              <button
                type="button"
                disabled={current.state === 'sending'}
                onClick={() =>
                  download({
                    name: `failed lines of ${baseName(current.name)}.${current.file.format}`,
                    type: current.file.format === 'csv' ? 'text/csv' : 'application/json',
                    text: composeFailed(current.file, current.results),
                  })
                }
              >
                Download the lines that failed
              </button>
            )}
            {current.state !== 'sending' && !isAtRisk && (
              <button type="button" onClick={forget}>
                Import another file
              </button>
            )}
          </div>
          {created > 0 && (
            <p className="notice" role="status">
              {unsaved > 0
                ? 'Nobody will be told the secrets again. Without its secret a device cannot connect until it gets another.'
                : 'The secrets are downloaded. Keep the file safe, and delete it when the devices have them.'}
            </p>
          )}
          <ImportResults results={current.results} />
        </>
      )}
      {isAtRisk && (
        <LeaveGuard title="Leave without the secrets?">
          <p>
            {current?.state === 'sending'
              ? 'The import is still under way, and its secrets are shown this once.'
              : 'The secrets of what was registered were not downloaded, and are shown this once.'}{' '}
            Without them, each new device needs another secret by hand.
          </p>
        </LeaveGuard>
      )}
    </div>
  )
}

interface ProgressProps {
  readonly import: Import
  readonly onStop: () => void
  readonly onGoOn: () => void
}

function Progress({ import: { name, file, state, results, problem }, onStop, onGoOn }: ProgressProps) {
  const { created, failed } = countResults(results)
  const left = file.rows.length - results.length
  return (
    <section className="card" aria-label="Progress">
      <header className="card-head">
        <h2>{name}</h2>
        {state === 'sending' && (
          <button type="button" onClick={onStop}>
            Stop
          </button>
        )}
      </header>
      <progress max={file.rows.length} value={results.length} aria-label="Lines sent" />
      <p role="status">
        {state === 'sending' && `${formatCount(results.length)} of ${formatCount(file.rows.length)} lines … `}
        {state === 'done' && 'Done: '}
        {state === 'stopped' && `Stopped with ${formatCount(left)} lines to go: `}
        {formatCount(created)} registered, {formatCount(failed)} not.
      </p>
      {state === 'stopped' && (
        <>
          <p className="problem" role="alert">
            {problem}
          </p>
          {problem !== undefined && (
            <p className="muted">
              The lines that were last sent may have arrived. Then going on reports them as registered already, and
              their secrets were lost with the answer: give those devices new ones.
            </p>
          )}
          <div className="row end">
            <button type="button" className="primary" onClick={onGoOn}>
              Go on with {formatCount(left)} lines
            </button>
          </div>
        </>
      )}
    </section>
  )
}

function baseName(name: string): string {
  return name.replace(/\.[a-z]+$/i, '')
}
