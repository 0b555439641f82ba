import { useEffect, useRef, useState } from 'react'
import type { Position } from '../../../contracts/geo.ts'
import type { Ground } from '../city-map/ground.ts'
import { toError } from '../http/http-error.ts'
import type { AreaDraft } from './area-draft.ts'
import { createDrawMap, type DrawMapHandle } from './draw-map.ts'

interface DrawCanvasProps {
  readonly ground: Ground
  readonly draft: AreaDraft
  readonly onPoint: (at: Position) => void
}

export function DrawCanvas({ ground, draft, onPoint }: DrawCanvasProps) {
  const container = useRef<HTMLDivElement>(null)
  const [map, setMap] = useState<DrawMapHandle>()
  const [fault, setFault] = useState<string>()
  const newest = useRef(onPoint)
  newest.current = onPoint
  useEffect(() => {
    try {
      const created = createDrawMap({
        ...ground,
        container: container.current!,
        onPoint: (at) => newest.current(at),
        onFault: setFault,
      })
      setMap(created)
      return () => {
        created.destroy()
        setMap(undefined)
      }
    } catch (thrown) {
      setFault(toError(thrown).message)
    }
  }, [ground])
  useEffect(() => map?.setDraft(draft), [map, draft])
  return (
    <>
      <div ref={container} className="map-canvas" data-testid="draw-map" />
      {fault !== undefined && (
        <p className="map-fault" role="status">
          The map cannot be drawn here ({fault}). A circle can be given by its centre and radius.
        </p>
      )}
      <div className="map-tools">
        <button type="button" aria-label="Zoom in" onClick={() => map?.zoomBy(1)}>
          +
        </button>
        <button type="button" aria-label="Zoom out" onClick={() => map?.zoomBy(-1)}>
          −
        </button>
      </div>
    </>
  )
}
