import type { FeatureCollection } from 'geojson'
import type {
  ExpressionSpecification,
  GeoJSONSource,
  LayerSpecification,
  Map as MapLibreMap,
  SourceSpecification,
} from 'maplibre-gl'
import { readToken } from '../theme/theme.ts'
import { marks } from '../ui/shapes.ts'
import { mapFont, mapFontBold } from './city-style.ts'

export const deviceSourceId = 'devices'
export const selectionSourceId = 'selection'
export const sosSourceId = 'sos'
/** Lower first: what needs a person lies over what does not. */
export const deviceLayerIds = ['devices-calm', 'devices-alerting'] as const
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
      // A cluster ranks as its worst device.
      clusterProperties: { rank: ['max', ['get', 'rank']] },
    },
    [selectionSourceId]: { type: 'geojson', data: nothing },
    [sosSourceId]: { type: 'geojson', data: nothing },
  }
}

const alwaysShown = { 'icon-allow-overlap': true, 'icon-ignore-placement': true } as const
const isCluster: ExpressionSpecification = ['has', 'point_count']

/**
 * Marks and clusters in one layer. Each layer is drawn tile by tile, so their number is what a frame costs; a sort key
 * would cost more still, as every rank would be drawn by itself.
 */
function deviceLayer(id: string, filter: ExpressionSpecification): LayerSpecification {
  return {
    id,
    type: 'symbol',
    source: deviceSourceId,
    filter,
    layout: {
      'icon-image': ['case', isCluster, ['concat', 'cluster-', ['get', 'rank']], ['concat', 'mark-', ['get', 'mark']]],
      'icon-size': [
        'interpolate',
        ['linear'],
        ['zoom'],
        11,
        ['case', isCluster, 1, 0.85],
        16,
        ['case', isCluster, 1, 1.1],
      ],
      'text-field': ['case', isCluster, ['to-string', ['get', 'point_count_abbreviated']], ''],
      'text-font': mapFontBold,
      'text-size': 13,
      'text-allow-overlap': true,
      'text-ignore-placement': true,
      ...alwaysShown,
    },
    paint: { 'text-color': readToken('text') },
  }
}

/** Symbols only: ten thousand devices are a few draw calls, not ten thousand elements of the page. */
function layers(): LayerSpecification[] {
  const [calmId, alertingId] = deviceLayerIds
  return [
    {
      id: 'device-selection',
      type: 'symbol',
      source: selectionSourceId,
      layout: { 'icon-image': 'selected', ...alwaysShown },
    },
    deviceLayer(calmId, ['<', ['get', 'rank'], marks.low.rank]),
    deviceLayer(alertingId, ['>=', ['get', 'rank'], marks.low.rank]),
    {
      id: 'device-names',
      type: 'symbol',
      source: deviceSourceId,
      minzoom: 16,
      filter: ['!', isCluster],
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
