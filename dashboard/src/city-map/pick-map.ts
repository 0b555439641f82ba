import type { Feature } from 'geojson'
import { type GeoJSONSource, Map as MapLibreMap } from 'maplibre-gl'
import { type Position, toLonLat } from '../../../contracts/geo.ts'
import { feed } from '../live/use-live.ts'
import { readToken } from '../theme/theme.ts'
import { boundsOf } from './city-map.ts'
import { buildCityStyle } from './city-style.ts'
import type { Ground } from './ground.ts'

export interface PickMapHandle {
  setPosition(position: Position | undefined): void
  destroy(): void
}

interface PickMapOptions extends Ground {
  readonly container: HTMLElement
  readonly position: Position | undefined
  readonly onPick: (position: Position) => void
  readonly onFault: (message: string) => void
}

/** About 0.1 m: finer than a finger, and than most receivers. */
const decimals = 6

/** The ground alone, on which one place is chosen. */
export function createPickMap({ container, city, config, onPick, onFault, ...options }: PickMapOptions): PickMapHandle {
  const map = new MapLibreMap({
    container,
    style: buildCityStyle(city, config),
    ...(options.position === undefined
      ? { bounds: boundsOf(city, feed.store.devices) }
      : { center: toLonLat(options.position), zoom: 15 }),
    maxZoom: 19,
    attributionControl: false,
    renderWorldCopies: false,
    dragRotate: false,
    pitchWithRotate: false,
    fadeDuration: 0,
    locale: { 'Map.Title': 'Map to choose the place on. The fields beside it take it as numbers.' },
  })
  map.touchZoomRotate.disableRotation()
  map.keyboard.disableRotation()
  map.getCanvas().style.cursor = 'crosshair'
  let { position } = options
  let isReady = false

  map.on('load', () => {
    map.addSource('picked', { type: 'geojson', data: pointAt(position) })
    map.addLayer({
      id: 'picked',
      type: 'circle',
      source: 'picked',
      paint: {
        'circle-radius': 8,
        'circle-color': readToken('accent'),
        'circle-stroke-width': 3,
        'circle-stroke-color': readToken('surface'),
      },
    })
    isReady = true
    container.dataset.ready = 'true'
  })
  map.on('error', ({ error }) => onFault(error.message))
  map.on('click', ({ lngLat }) => {
    const { lng, lat } = lngLat.wrap()
    onPick({ latitude: Number(lat.toFixed(decimals)), longitude: Number(lng.toFixed(decimals)) })
  })

  return {
    setPosition(next) {
      position = next
      if (isReady) void (map.getSource('picked') as GeoJSONSource).setData(pointAt(position))
    },
    destroy() {
      map.remove()
      delete container.dataset.ready
    },
  }
}

function pointAt(position: Position | undefined): { type: 'FeatureCollection'; features: Feature[] } {
  const features: Feature[] =
    position === undefined
      ? []
      : [{ type: 'Feature', properties: {}, geometry: { type: 'Point', coordinates: toLonLat(position) } }]
  return { type: 'FeatureCollection', features }
}
