import type { Feature, Point } from 'geojson'
import { type LngLatBoundsLike, Map as MapLibreMap, setWorkerUrl } from 'maplibre-gl'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url'
import { type BoundingBox, type Position, toLonLat } from '../../../contracts/geo.ts'
import type { CityConfig } from '../../../contracts/http/city.ts'
import type { LiveDevice } from '../../../contracts/live.ts'
import type { SosRecord } from '../../../contracts/sos.ts'
import { feed } from '../live/use-live.ts'
import { wantsLessMotion } from '../theme/comfort.ts'
import { buildCityStyle, type CityMap } from './city-style.ts'
import { type DrawnDevices, diffDevices } from './device-diff.ts'
import {
  addDeviceLayers,
  deviceLayerIds,
  deviceSourceId,
  geoJsonSource,
  selectionSourceId,
  sosLayerId,
  sosSourceId,
} from './device-layers.ts'
import { addMarkImages } from './mark-images.ts'

// A file of our own origin: the page's policy allows no other code.
setWorkerUrl(workerUrl)

export interface Camera {
  readonly centre: [number, number]
  readonly zoom: number
}

export interface CityMapOptions {
  readonly container: HTMLElement
  readonly city: CityMap | undefined
  readonly config: CityConfig
  readonly camera: Camera | undefined
  readonly onSelect: (deviceId: string | undefined) => void
  readonly onMove: (box: BoundingBox, camera: Camera) => void
  readonly onFault: (message: string) => void
}

export interface CityMapHandle {
  setFilter(isShown: (device: LiveDevice) => boolean): void
  setSelection(position: Position | undefined): void
  setSos(presses: readonly SosRecord[]): void
  flyTo(position: Position): void
  zoomBy(steps: number): void
  showAll(): void
  destroy(): void
}

/** Changes reach the map at most this often; the eye sees no more, and clusters are rebuilt each time. */
const drawEveryMs = 500

/** The map without React: it is fed from the live store and never from a rendering. */
export function createCityMap(options: CityMapOptions): CityMapHandle {
  const { container, city, config, onSelect, onMove, onFault } = options
  const map = new MapLibreMap({
    container,
    style: buildCityStyle(city, config),
    ...startView(options),
    maxZoom: 19,
    attributionControl: false,
    renderWorldCopies: false,
    dragRotate: false,
    pitchWithRotate: false,
    fadeDuration: 0,
    refreshExpiredTiles: false,
    locale: { 'Map.Title': 'City map. Arrow keys move it, plus and minus zoom; the list beside it has every device.' },
  })
  map.touchZoomRotate.disableRotation()
  map.keyboard.disableRotation()
  const painter = createDevicePainter(map)
  let isReady = false
  let presses: readonly SosRecord[] = []
  let selection: Position | undefined

  map.on('load', () => {
    addMarkImages(map)
    addDeviceLayers(map, { deviceCount: feed.store.devices.size })
    isReady = true
    painter.start()
    drawSos()
    drawSelection()
    container.dataset.ready = 'true'
    reportMove()
  })
  map.on('moveend', reportMove)
  map.on('error', ({ error }) => onFault(error.message))
  map.on('click', (event) => void onClick(event.point))
  for (const layer of [...deviceLayerIds, sosLayerId]) {
    map.on('mouseenter', layer, () => setCursor('pointer'))
    map.on('mouseleave', layer, () => setCursor(''))
  }
  const resizes = new ResizeObserver(() => map.resize())
  resizes.observe(container)

  function setCursor(cursor: string): void {
    map.getCanvas().style.cursor = cursor
  }

  function reportMove(): void {
    const bounds = map.getBounds()
    const centre = map.getCenter()
    onMove(
      { west: bounds.getWest(), south: bounds.getSouth(), east: bounds.getEast(), north: bounds.getNorth() },
      { centre: [centre.lng, centre.lat], zoom: map.getZoom() },
    )
  }

  async function onClick(point: { x: number; y: number }): Promise<void> {
    if (!isReady) return
    // A finger is wider than a mark.
    const reachPx = 6
    const [hit] = map.queryRenderedFeatures(
      [
        [point.x - reachPx, point.y - reachPx],
        [point.x + reachPx, point.y + reachPx],
      ],
      { layers: [sosLayerId, ...deviceLayerIds] },
    )
    const clusterId = hit?.properties.cluster_id as number | undefined
    if (hit === undefined || clusterId === undefined) return onSelect(hit?.properties.id as string | undefined)
    const zoom = await geoJsonSource(map, deviceSourceId).getClusterExpansionZoom(clusterId)
    const [longitude, latitude] = (hit.geometry as Point).coordinates as [number, number]
    map.easeTo({ center: [longitude, latitude], zoom: zoom + 0.2, ...pace() })
  }

  function nameOfSos({ deviceId, personName }: SosRecord): string {
    if (deviceId === undefined) return personName ?? 'SOS'
    return feed.store.devices.get(deviceId)?.name ?? deviceId
  }

  function drawSos(): void {
    if (!isReady) return
    const features = presses.flatMap((press): Feature[] =>
      press.location === undefined
        ? []
        : [
            {
              type: 'Feature',
              properties: { id: press.deviceId ?? '', label: nameOfSos(press) },
              geometry: { type: 'Point', coordinates: toLonLat(press.location) },
            },
          ],
    )
    void geoJsonSource(map, sosSourceId).setData({ type: 'FeatureCollection', features })
  }

  function drawSelection(): void {
    if (!isReady) return
    const geometry = selection && { type: 'Point' as const, coordinates: toLonLat(selection) }
    const features: Feature[] = geometry ? [{ type: 'Feature', properties: {}, geometry }] : []
    void geoJsonSource(map, selectionSourceId).setData({ type: 'FeatureCollection', features })
  }

  return {
    setFilter: painter.setFilter,
    setSelection(position) {
      selection = position
      drawSelection()
    },
    setSos(next) {
      presses = next
      drawSos()
    },
    flyTo(position) {
      map.easeTo({ center: toLonLat(position), zoom: Math.max(map.getZoom(), 16.2), ...pace() })
    },
    zoomBy(steps) {
      map.easeTo({ zoom: map.getZoom() + steps, ...pace() })
    },
    showAll() {
      map.fitBounds(boundsOf(city, feed.store.devices), { padding: 24, ...pace() })
    },
    destroy() {
      painter.stop()
      resizes.disconnect()
      map.remove()
      delete container.dataset.ready
    },
  }
}

/** Who wants less motion is there at once. What the desktop says of it, MapLibre heeds by itself. */
function pace(): { readonly animate?: false } {
  return wantsLessMotion() ? { animate: false } : {}
}

/** Keeps the source of devices in step with the store, at a pace the map can draw. */
function createDevicePainter(map: MapLibreMap) {
  const drawn: DrawnDevices = new Map()
  let isShown: (device: LiveDevice) => boolean = () => true
  /** `undefined`: look at all of them. */
  let waiting: Set<string> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let unsubscribe: (() => void) | undefined
  let isDrawing = false

  function draw(): void {
    timer = undefined
    // One diff at a time: a slow machine then draws less often, and never falls behind.
    if (isDrawing) {
      schedule()
      return
    }
    const diff = diffDevices({ drawn, devices: feed.store.devices, changedIds: waiting, isShown })
    waiting = new Set()
    if (diff === undefined) return
    isDrawing = true
    const settle = () => {
      isDrawing = false
    }
    geoJsonSource(map, deviceSourceId).updateData(diff).then(settle, settle)
  }

  function schedule(): void {
    timer ??= setTimeout(draw, drawEveryMs)
  }

  return {
    start() {
      unsubscribe = feed.store.onDevices((changedIds) => {
        for (const id of changedIds) waiting?.add(id)
        schedule()
      })
      draw()
    },
    setFilter(next: (device: LiveDevice) => boolean) {
      isShown = next
      waiting = undefined
      if (unsubscribe !== undefined) draw()
    },
    stop() {
      unsubscribe?.()
      clearTimeout(timer)
    },
  }
}

function startView({
  camera,
  city,
}: CityMapOptions): { center: [number, number]; zoom: number } | { bounds: LngLatBoundsLike } {
  if (camera !== undefined) return { center: camera.centre, zoom: camera.zoom }
  return { bounds: boundsOf(city, feed.store.devices) }
}

/** The city's own frame, else the devices', else the world. */
export function boundsOf(city: CityMap | undefined, devices: ReadonlyMap<string, LiveDevice>): LngLatBoundsLike {
  if (city?.bbox !== undefined) return [...city.bbox]
  let box: [number, number, number, number] | undefined
  for (const { latitude, longitude } of devices.values()) {
    if (latitude === undefined || longitude === undefined) continue
    box ??= [longitude, latitude, longitude, latitude]
    box = [
      Math.min(box[0], longitude),
      Math.min(box[1], latitude),
      Math.max(box[2], longitude),
      Math.max(box[3], latitude),
    ]
  }
  return box ?? [-170, -60, 170, 75]
}
