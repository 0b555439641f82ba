import { useEffect, useRef, useState } from 'react'
import type { BoundingBox } from '../../../contracts/geo.ts'
import type { LiveDevice } from '../../../contracts/live.ts'
import type { SosRecord } from '../../../contracts/sos.ts'
import { createDeviceTest, useDeviceFilter } from '../devices/device-filter.ts'
import { toError } from '../http/http-error.ts'
import { feed } from '../live/use-live.ts'
import { type Camera, type CityMapHandle, createCityMap } from './city-map.ts'
import type { Ground } from './ground.ts'

interface MapCanvasProps {
  readonly ground: Ground
  readonly presses: readonly SosRecord[]
  readonly selected: LiveDevice | undefined
  /** The SOS to be looked at, if one was asked for. */
  readonly shownPress: SosRecord | undefined
  readonly onSelect: (deviceId: string) => void
  readonly onMove: (box: BoundingBox) => void
}

/** Where the operator was; kept while the app runs, so that a theme or page change does not lose the place. */
let lastCamera: Camera | undefined

/** Half a screen on every side is asked for too, so that a pan does not run into emptiness. */
function pad({ west, south, east, north }: BoundingBox): BoundingBox {
  const width = (east - west) / 2
  const height = (north - south) / 2
  if (width * 4 >= 360) return { west: -180, south: -90, east: 180, north: 90 }
  return {
    west: wrapLongitude(west - width),
    south: Math.max(-90, south - height),
    east: wrapLongitude(east + width),
    north: Math.min(90, north + height),
  }
}

/** A map panned past the antimeridian counts on; the feed does not. */
function wrapLongitude(longitude: number): number {
  return ((((longitude + 180) % 360) + 360) % 360) - 180
}

export function MapCanvas({ ground, presses, selected, shownPress, onSelect, onMove }: MapCanvasProps) {
  const container = useRef<HTMLDivElement>(null)
  const [map, setMap] = useState<CityMapHandle>()
  const [fault, setFault] = useState<string>()
  const { kind, state, text } = useDeviceFilter()
  const callbacks = useRef({ onSelect, onMove })
  callbacks.current = { onSelect, onMove }

  useEffect(() => {
    try {
      const created = createCityMap({
        ...ground,
        container: container.current!,
        camera: lastCamera,
        onSelect: (id) => callbacks.current.onSelect(id ?? ''),
        onMove: (box, camera) => {
          lastCamera = camera
          callbacks.current.onMove(box)
          feed.setViewport(pad(box))
        },
        onFault: setFault,
      })
      setMap(created)
      return () => {
        created.destroy()
        setMap(undefined)
        feed.setViewport(undefined)
      }
    } catch (thrown) {
      setFault(toError(thrown).message)
    }
  }, [ground])

  useEffect(() => map?.setFilter(createDeviceTest({ kind, state, text })), [map, kind, state, text])
  useEffect(() => map?.setSos(presses), [map, presses])
  const { latitude, longitude } = selected ?? {}
  useEffect(() => {
    map?.setSelection(latitude === undefined || longitude === undefined ? undefined : { latitude, longitude })
  }, [map, latitude, longitude])
  // Only where the press was when it was asked for: the map does not run after the operator's hand.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a press is flown to once
  useEffect(() => {
    if (shownPress?.location !== undefined) map?.flyTo(shownPress.location)
  }, [map, shownPress?.id])

  return (
    <>
      <div ref={container} className="map-canvas" data-testid="map" />
      {fault !== undefined && (
        <p className="map-fault" role="status">
          The map cannot be drawn here ({fault}). The list shows every device.
        </p>
      )}
      <div className="map-tools">
        <button type="button" aria-label="Zoom in" onClick={() => map?.zoomBy(1)}>
          +
        </button>
        <button type="button" aria-label="Zoom out" onClick={() => map?.zoomBy(-1)}>
          −
        </button>
        <button type="button" aria-label="Show the whole city" onClick={() => map?.showAll()}>
          ⤢
        </button>
        <button
          type="button"
          aria-label="Centre on the chosen device"
          disabled={latitude === undefined || longitude === undefined}
          onClick={() => latitude !== undefined && longitude !== undefined && map?.flyTo({ latitude, longitude })}
        >
          ◎
        </button>
      </div>
    </>
  )
}
