import type { Feature } from 'geojson'
import { type GeoJSONSource, Map as MapLibreMap, setWorkerUrl } from 'maplibre-gl'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url'
import { type Position, toLonLat } from '../../../contracts/geo.ts'
import { buildCityStyle } from '../city-map/city-style.ts'
import type { Ground } from '../city-map/ground.ts'
import { readToken } from '../theme/theme.ts'
import type { TrailPoint } from './use-sos.ts'

// A file of our own origin: the page's policy allows no other code.
setWorkerUrl(workerUrl)

export interface TrailMapHandle {
  /** The map follows the place; the trail is drawn without what is not plausible. */
  show(place: Position, trail: readonly TrailPoint[]): void
  zoomBy(steps: number): void
  destroy(): void
}

interface TrailMapOptions extends Ground {
  readonly container: HTMLElement
  readonly center: Position
  readonly onFault: (message: string) => void
}

const sourceId = 'trail'
const startZoom = 15

/** A small map of where one person is and went. */
export function createTrailMap({ container, city, config, center, onFault }: TrailMapOptions): TrailMapHandle {
  const map = new MapLibreMap({
    container,
    style: buildCityStyle(city, config),
    center: toLonLat(center),
    zoom: startZoom,
    maxZoom: 19,
    attributionControl: false,
    renderWorldCopies: false,
    dragRotate: false,
    pitchWithRotate: false,
    fadeDuration: 0,
    locale: { 'Map.Title': 'Map of where the person is. The position above says the same.' },
  })
  map.touchZoomRotate.disableRotation()
  map.keyboard.disableRotation()
  let features: readonly Feature[] = []
  let shownAt = center
  let isReady = false

  map.on('load', () => {
    map.addSource(sourceId, { type: 'geojson', data: toCollection(features) })
    map.addLayer({
      id: 'trail-line',
      type: 'line',
      source: sourceId,
      filter: ['==', ['geometry-type'], 'LineString'],
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: { 'line-color': readToken('sos'), 'line-width': 3, 'line-dasharray': [1, 2] },
    })
    map.addLayer({
      id: 'trail-place',
      type: 'circle',
      source: sourceId,
      filter: ['==', ['geometry-type'], 'Point'],
      paint: {
        'circle-color': readToken('sos'),
        'circle-radius': 9,
        'circle-stroke-color': readToken('sos-ink'),
        'circle-stroke-width': 3,
      },
    })
    isReady = true
    container.dataset.ready = 'true'
  })
  map.on('error', ({ error }) => onFault(error.message))
  const resizes = new ResizeObserver(() => map.resize())
  resizes.observe(container)

  return {
    show(place, trail) {
      features = toFeatures(place, trail)
      if (isReady) void (map.getSource(sourceId) as GeoJSONSource).setData(toCollection(features))
      const hasMoved = place.latitude !== shownAt.latitude || place.longitude !== shownAt.longitude
      if (hasMoved) map.jumpTo({ center: toLonLat(place) })
      shownAt = place
    },
    zoomBy: (steps) => void map.easeTo({ zoom: map.getZoom() + steps }),
    destroy() {
      resizes.disconnect()
      map.remove()
      delete container.dataset.ready
    },
  }
}

function toFeatures(place: Position, trail: readonly TrailPoint[]): Feature[] {
  const line = trail.filter(({ isPlausible }) => isPlausible).map(toLonLat)
  const at: Feature = { type: 'Feature', properties: {}, geometry: { type: 'Point', coordinates: toLonLat(place) } }
  if (line.length < 2) return [at]
  return [{ type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates: line } }, at]
}

function toCollection(features: readonly Feature[]) {
  return { type: 'FeatureCollection' as const, features: [...features] }
}
