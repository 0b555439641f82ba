import { useEffect, useRef, useState } from 'react'
import { loadGround } from '../city-map/ground.ts'
import { request } from '../http/client.ts'
import { toError } from '../http/http-error.ts'
import { useQuery } from '../http/use-query.ts'
import { Link } from '../routing/link.tsx'
import { paths } from '../routing/router.ts'
import { useTheme } from '../theme/theme.ts'
import { formatCount, formatPosition } from '../ui/format.ts'
import { Failed } from '../ui/states.tsx'
import { createTrailMap, type TrailMapHandle } from './trail-map.ts'
import { casePath, type SosDetail, type TrailPoint, useCaseQuery } from './use-sos.ts'

/** Where the person is and went. */
export function CasePlace({ sos, version }: { sos: SosDetail; version: number }) {
  const trail = useCaseQuery(
    sos.id,
    (signal) => request<{ items: readonly TrailPoint[] }>(`${casePath(sos.id)}/trail`, { signal }),
    { version },
  )
  const { location } = sos
  const points = trail.data?.items ?? []
  const impossible = points.filter(({ isPlausible }) => !isPlausible).length
  return (
    <section className="card" aria-labelledby="case-place">
      <div className="card-head">
        <h3 id="case-place">Place</h3>
        {location !== undefined && (
          <Link to={`${paths.map}?sos=${encodeURIComponent(sos.id)}`}>Show on the city map</Link>
        )}
      </div>
      {location === undefined ? (
        <p>
          <strong>No position was sent.</strong>
        </p>
      ) : (
        <>
          <p>
            {location.address !== undefined && <>{location.address} · </>}
            <span className="mono">{formatPosition(location)}</span>
            <span className="muted">
              {points.length > 1 && ` · ${formatCount(points.length)} positions`}
              {impossible > 0 && ` · ${formatCount(impossible)} left out, nobody moves that fast`}
            </span>
          </p>
          {trail.error !== undefined && <Failed what="the trail" error={trail.error} onRetry={trail.reload} />}
          <TrailCanvas place={location} trail={points} />
        </>
      )}
    </section>
  )
}

interface TrailCanvasProps {
  readonly place: { readonly latitude: number; readonly longitude: number }
  readonly trail: readonly TrailPoint[]
}

function TrailCanvas({ place: { latitude, longitude }, trail }: TrailCanvasProps) {
  const ground = useQuery('ground', loadGround)
  const theme = useTheme()
  const container = useRef<HTMLDivElement>(null)
  const [map, setMap] = useState<TrailMapHandle>()
  const [fault, setFault] = useState<string>()
  const start = useRef({ latitude, longitude })
  // biome-ignore lint/correctness/useExhaustiveDependencies: its colours are those of the theme
  useEffect(() => {
    if (ground.data === undefined) return
    try {
      const created = createTrailMap({
        ...ground.data,
        container: container.current!,
        center: start.current,
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
  }, [ground.data, theme])
  useEffect(() => map?.show({ latitude, longitude }, trail), [map, latitude, longitude, trail])
  return (
    <div className="sos-map">
      <div ref={container} className="map-canvas" data-testid="sos-map" />
      {fault !== undefined && (
        <p className="map-fault" role="status">
          The map cannot be drawn here ({fault}). The position above says where.
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
    </div>
  )
}
