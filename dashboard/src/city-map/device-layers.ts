import type { FeatureCollection } from 'geojson'
import type { GeoJSONSource, LayerSpecification, Map as MapLibreMap, SourceSpecification } from 'maplibre-gl'
import { readToken } from '../theme/theme.ts'
import { mapFont, mapFontBold } from './city-style.ts'

export const deviceSourceId = 'devices'
export const selectionSourceId = 'selection'
export const sosSourceId = 'sos'
export const clusterLayerId = 'device-clusters'
export const deviceLayerId = 'device-marks'
export const sosLayerId = 'sos-marks'

const nothing: FeatureCollection = { type: 'FeatureCollection', features: [] }

/** A crowded city is grouped more widely: fewer, larger marks are easier on the eye and on the machine. */
const crowdedFrom = 1000
const clusterRadiusPx = { sparse: 34, crowded: 50 } as const

function sources(deviceCount: number): Record<string, SourceSpecification> {
  return {
    [deviceSourceId]: {
      type: 'geojson',
      data: nothing,
      promoteId: 'id',
      cluster: true,
      clusterRadius: deviceCount < crowdedFrom ? clusterRadiusPx.sparse : clusterRadiusPx.crowded,
      clusterMaxZoom: 14,
      clusterProperties: { worst: ['max', ['get', 'rank']] },
    },
    [selectionSourceId]: { type: 'geojson', data: nothing },
    [sosSourceId]: { type: 'geojson', data: nothing },
  }
}

/** Symbols only: ten thousand devices are a few draw calls, not ten thousand elements of the page. */
function layers(): LayerSpecification[] {
  const alwaysShown = { 'icon-allow-overlap': true, 'icon-ignore-placement': true } as const
  return [
    {
      id: 'device-selection',
      type: 'symbol',
      source: selectionSourceId,
      layout: { 'icon-image': 'selected', ...alwaysShown },
    },
    {
      id: deviceLayerId,
      type: 'symbol',
      source: deviceSourceId,
      filter: ['!', ['has', 'point_count']],
      layout: {
        'icon-image': ['concat', 'mark-', ['get', 'mark']],
        'symbol-sort-key': ['get', 'rank'],
        'icon-size': ['interpolate', ['linear'], ['zoom'], 11, 0.85, 16, 1.1],
        ...alwaysShown,
      },
    },
    {
      id: 'device-names',
      type: 'symbol',
      source: deviceSourceId,
      minzoom: 16,
      filter: ['!', ['has', 'point_count']],
      layout: {
        'text-field': ['get', 'name'],
        'text-font': mapFont,
        'text-size': 12,
        'text-anchor': 'top',
        'text-offset': [0, 1.1],
        'text-optional': true,
      },
      paint: {
        'text-color': readToken('text'),
        'text-halo-color': readToken('map-halo'),
        'text-halo-width': 1.6,
      },
    },
    {
      id: clusterLayerId,
      type: 'symbol',
      source: deviceSourceId,
      filter: ['has', 'point_count'],
      layout: {
        'icon-image': ['concat', 'cluster-', ['get', 'worst']],
        'symbol-sort-key': ['get', 'worst'],
        'text-field': ['get', 'point_count_abbreviated'],
        'text-font': mapFontBold,
        'text-size': 13,
        'text-allow-overlap': true,
        'text-ignore-placement': true,
        ...alwaysShown,
      },
      paint: { 'text-color': readToken('text') },
    },
    {
      id: sosLayerId,
      type: 'symbol',
      source: sosSourceId,
      layout: {
        'icon-image': 'sos',
        'text-field': ['get', 'label'],
        'text-font': mapFontBold,
        'text-size': 14,
        'text-anchor': 'top',
        'text-offset': [0, 2.4],
        'text-allow-overlap': true,
        ...alwaysShown,
      },
      paint: {
        'text-color': readToken('critical'),
        'text-halo-color': readToken('map-halo'),
        'text-halo-width': 2,
      },
    },
  ]
}

/** @param options.deviceCount as known now; only how widely they are grouped depends on it */
export function addDeviceLayers(map: MapLibreMap, { deviceCount }: { readonly deviceCount: number }): void {
  for (const [id, source] of Object.entries(sources(deviceCount))) map.addSource(id, source)
  for (const layer of layers()) map.addLayer(layer)
}

export function geoJsonSource(map: MapLibreMap, id: string): GeoJSONSource {
  return map.getSource(id) as GeoJSONSource
}
