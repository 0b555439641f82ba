import { lazy, Suspense, useId, useState } from 'react'
import type { Position } from '../../../../contracts/geo.ts'
import { Loading } from '../../ui/states.tsx'
import { type PositionText, readPosition } from './position-text.ts'

const PickMapCanvas = lazy(() =>
  import('../../city-map/pick-map-canvas.tsx').then((module) => ({ default: module.PickMapCanvas })),
)

interface PositionFieldProps {
  readonly text: PositionText
  readonly onChange: (text: PositionText) => void
  readonly problem: string | undefined
}

/** A place, as numbers or by a press on the map. */
export function PositionField({ text, onChange, problem }: PositionFieldProps) {
  const [showsMap, setShowsMap] = useState(false)
  const problemId = useId()
  const read = readPosition(text)
  const position = read.type === 'position' ? read.position : undefined

  function pick({ latitude, longitude }: Position): void {
    onChange({ latitude: String(latitude), longitude: String(longitude) })
  }

  return (
    <fieldset className="field">
      <legend>
        Position <span className="muted">– degrees, WGS 84; empty when it moves or is not known</span>
      </legend>
      <div className="row wrap">
        {(['latitude', 'longitude'] as const).map((name) => (
          <label key={name} className="stacked">
            {name === 'latitude' ? 'Latitude' : 'Longitude'}
            <input
              className="short"
              inputMode="decimal"
              autoComplete="off"
              value={text[name]}
              aria-describedby={problemId}
              onChange={(event) => onChange({ ...text, [name]: event.target.value })}
            />
          </label>
        ))}
        <button type="button" className="low" aria-expanded={showsMap} onClick={() => setShowsMap(!showsMap)}>
          {showsMap ? 'Close the map' : 'Choose on the map'}
        </button>
      </div>
      {showsMap && (
        <Suspense fallback={<Loading what="the map" />}>
          <PickMapCanvas position={position} onPick={pick} />
        </Suspense>
      )}
      <p id={problemId} className="problem" role="alert">
        {problem}
      </p>
    </fieldset>
  )
}
