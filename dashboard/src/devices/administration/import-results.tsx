import { useMemo, useState } from 'react'
import { Link } from '../../routing/link.tsx'
import { paths } from '../../routing/router.ts'
import { formatCount } from '../../ui/format.ts'
import { countResults, type ImportResult, inFileOrder } from './import-report.ts'

const pageSize = 200

/** What became of each line. */
export function ImportResults({ results }: { results: readonly ImportResult[] }) {
  const [onlyFailed, setOnlyFailed] = useState(false)
  const [limit, setLimit] = useState(pageSize)
  const { failed } = countResults(results)
  const ordered = useMemo(() => inFileOrder(results), [results])
  const shown = onlyFailed ? ordered.filter(({ problem }) => problem !== undefined) : ordered
  if (results.length === 0) return null
  return (
    <>
      <fieldset className="choice">
        <legend className="unseen">Lines</legend>
        <button type="button" aria-pressed={!onlyFailed} onClick={() => setOnlyFailed(false)}>
          All <span className="number">{formatCount(results.length)}</span>
        </button>
        <button type="button" aria-pressed={onlyFailed} onClick={() => setOnlyFailed(true)}>
          Failed only <span className="number">{formatCount(failed)}</span>
        </button>
      </fieldset>
      {shown.length === 0 && <p className="muted">No line failed.</p>}
      {shown.length > 0 && (
        <div className="table-frame">
          <table className="stacking">
            <thead>
              <tr>
                <th scope="col" className="right line-number">
                  Line
                </th>
                <th scope="col">Id</th>
                <th scope="col">Outcome</th>
              </tr>
            </thead>
            <tbody>
              {shown.slice(0, limit).map(({ row, id, secret, problem }) => (
                <tr key={row.line}>
                  <td className="right number">
                    <span className="only-stacked">line </span>
                    {row.line}
                  </td>
                  <th scope="row" className="mono">
                    {secret === undefined ? (id ?? '(no id)') : <Link to={paths.device(id ?? '')}>{id}</Link>}
                  </th>
                  <td>{problem === undefined ? 'registered' : <span className="problem">{problem}</span>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {shown.length > limit && (
        <button type="button" className="more" onClick={() => setLimit(limit + pageSize)}>
          Show {formatCount(Math.min(pageSize, shown.length - limit))} more
        </button>
      )}
    </>
  )
}
