import type { Feature } from 'geojson'
import { type GeoJSONSource, Map as MapLibreMap, setWorkerUrl } from 'maplibre-gl'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url'
import { type Position, toLonLat } from '../../../contracts/geo.ts'
import { boundsOf } from '../city-map/city-map.ts'
import { buildCityStyle } from '../city-map/city-style.ts'
import type { Ground } from '../city-map/ground.ts'
import { feed } from '../live/use-live.ts'
import { readToken } from '../theme/theme.ts'
import { type AreaDraft, outline } from './area-draft.ts'

// A file of our own origin: the page's policy allows no other code.
setWorkerUrl(workerUrl)

export interface DrawMapHandle {
  setDraft(draft: AreaDraft): void
  zoomBy(steps: number): void
  destroy(): void
}

interface DrawMapOptions extends Ground {
  readonly container: HTMLElement
  readonly onPoint: (at: Position) => void
  readonly onFault: (message: string) => void
}

const sourceId = 'draft'

/** A map to draw one area on. */
export function createDrawMap({ container, city, config, onPoint, onFault }: DrawMapOptions): DrawMapHandle {
  const map = new MapLibreMap({
    container,
    style: buildCityStyle(city, config),
    bounds: boundsOf(city, feed.store.devices),
    fitBoundsOptions: { padding: 16 },
    maxZoom: 19,
    attributionControl: false,
    renderWorldCopies: false,
    dragRotate: false,
    pitchWithRotate: false,
    fadeDuration: 0,
    locale: { 'Map.Title': 'Map to draw the area on. The fields beside it do the same.' },
  })
  map.touchZoomRotate.disableRotation()
  map.keyboard.disableRotation()
  let draft: AreaDraft | undefined
  let isReady = false

  map.on('load', () => {
    const colour = readToken('accent')
    map.addSource(sourceId, { type: 'geojson', data: collectionOf(undefined) })
    map.addLayer({
      id: 'draft-fill',
      type: 'fill',
      source: sourceId,
      filter: ['==', ['geometry-type'], 'Polygon'],
      paint: { 'fill-color': colour, 'fill-opacity': 0.22 },
    })
    map.addLayer({
      id: 'draft-line',
      type: 'line',
      source: sourceId,
      filter: ['!=', ['geometry-type'], 'Point'],
      paint: { 'line-color': colour, 'line-width': 3 },
    })
    map.addLayer({
      id: 'draft-points',
      type: 'circle',
      source: sourceId,
      filter: ['==', ['geometry-type'], 'Point'],
      paint: {
        'circle-color': colour,
        'circle-radius': 5,
        'circle-stroke-color': readToken('surface'),
        'circle-stroke-width': 2,
      },
    })
    isReady = true
    container.dataset.ready = 'true'
    draw()
  })
  map.on('click', ({ lngLat }) => onPoint({ latitude: lngLat.lat, longitude: lngLat.lng }))
  map.on('error', ({ error }) => onFault(error.message))
  map.getCanvas().style.cursor = 'crosshair'
  const resizes = new ResizeObserver(() => map.resize())
  resizes.observe(container)

  function draw(): void {
    if (isReady) void (map.getSource(sourceId) as GeoJSONSource).setData(collectionOf(draft))
  }

  return {
    setDraft(next) {
      draft = next
      draw()
    },
    zoomBy: (steps) => void map.easeTo({ zoom: map.getZoom() + steps }),
    destroy() {
      resizes.disconnect()
      map.remove()
      delete container.dataset.ready
    },
  }
}

function collectionOf(draft: AreaDraft | undefined) {
  const features: Feature[] = []
  if (draft !== undefined) {
    const line = outline(draft).map(toLonLat)
    if (line.length >= 4) {
      features.push({ type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [line] } })
    }
    if (line.length >= 2) {
      features.push({ type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates: line } })
    }
    const points = draft.shape === 'polygon' ? draft.corners : draft.center === undefined ? [] : [draft.center]
    for (const point of points) {
      features.push({ type: 'Feature', properties: {}, geometry: { type: 'Point', coordinates: toLonLat(point) } })
    }
  }
  return { type: 'FeatureCollection' as const, features }
}
