import type { Feature, Geometry } from 'geojson'
import type { LayerSpecification, SourceSpecification, StyleSpecification } from 'maplibre-gl'
import type { CityConfig } from '../../../contracts/http/city.ts'
import { readToken } from '../theme/theme.ts'

/** GET /api/city/map: RFC 7946 with a class per feature, in drawing order. */
export interface CityMap {
  /** West, south, east, north; a map of one's own may come without. */
  readonly bbox?: readonly [number, number, number, number]
  readonly features: readonly Feature<Geometry, { class: string; name?: string; place?: string }>[]
}

/**
 * The ground under the devices, drawn from the server's own map. No glyphs or sprites are named: without a glyph server
 * MapLibre draws letters from the fonts of the machine, so the map needs nothing from the internet.
 */
export function buildCityStyle(
  city: CityMap | undefined,
  { tileUrl }: Pick<CityConfig, 'tileUrl'>,
): StyleSpecification {
  // Absent travels as null and is kept as undefined; see http/decode.ts.
  const hasTiles = tileUrl != null
  const sources: Record<string, SourceSpecification> = {}
  const layers: LayerSpecification[] = [
    { id: 'ground', type: 'background', paint: { 'background-color': readToken('map-ground') } },
  ]
  if (hasTiles) {
    sources.tiles = { type: 'raster', tiles: expandSubdomains(tileUrl), tileSize: 256 }
    layers.push({ id: 'tiles', type: 'raster', source: 'tiles' })
  }
  if (city !== undefined) {
    sources.city = { type: 'geojson', data: { type: 'FeatureCollection', features: [...city.features] } }
    // Over tiles, our own drawing would cover theirs; without them it is all there is.
    if (!hasTiles) layers.push(...areaLayers(), ...lineLayers(), ...labelLayers())
  }
  return { version: 8, sources, layers }
}

function expandSubdomains(url: string): string[] {
  return url.includes('{s}') ? ['a', 'b', 'c'].map((name) => url.replace('{s}', name)) : [url]
}

const isClass = (...names: string[]): ['in', ['get', string], ['literal', string[]]] => [
  'in',
  ['get', 'class'],
  ['literal', names],
]

function areaLayers(): LayerSpecification[] {
  const areas: readonly [className: string, token: string][] = [
    ['land', 'map-land'],
    ['park', 'map-park'],
    ['block', 'map-block'],
    ['water', 'map-water'],
  ]
  return areas.map(([className, token]) => ({
    id: className,
    type: 'fill',
    source: 'city',
    filter: isClass(className),
    paint: { 'fill-color': readToken(token) },
  }))
}

interface RoadLook {
  readonly classes: string[]
  readonly token: string
  /** Width in pixels at zoom 11, 14 and 18. */
  readonly widthsPx: readonly [number, number, number]
}

const roads: Readonly<Record<string, RoadLook>> = {
  residential: { classes: ['street-residential'], token: 'map-road', widthsPx: [0.3, 1.4, 10] },
  secondary: { classes: ['street-secondary'], token: 'map-road', widthsPx: [0.7, 2.6, 14] },
  primary: { classes: ['street-primary', 'bridge'], token: 'map-arterial', widthsPx: [1.4, 4.2, 20] },
}

function lineLayers(): LayerSpecification[] {
  const railway: LayerSpecification = {
    id: 'railway',
    type: 'line',
    source: 'city',
    filter: isClass('railway'),
    paint: { 'line-color': readToken('map-label'), 'line-opacity': 0.5, 'line-width': 1.4, 'line-dasharray': [5, 2] },
  }
  const edges = Object.entries(roads).map(([name, look]) => roadLayer(`${name}-edge`, look, 'map-road-edge', 1.6))
  const tops = Object.entries(roads).map(([name, look]) => roadLayer(name, look, look.token, 0))
  return [railway, ...edges, ...tops]
}

function roadLayer(id: string, look: RoadLook, token: string, extraPx: number): LayerSpecification {
  const [far, middle, near] = look.widthsPx
  return {
    id: `road-${id}`,
    type: 'line',
    source: 'city',
    filter: isClass(...look.classes),
    layout: { 'line-cap': 'round', 'line-join': 'round' },
    paint: {
      'line-color': readToken(token),
      'line-width': [
        'interpolate',
        ['exponential', 1.5],
        ['zoom'],
        11,
        far + extraPx / 2,
        14,
        middle + extraPx,
        18,
        near + extraPx,
      ],
    },
  }
}

/** A fontstack is a CSS font family here, as there is no glyph server. */
export const mapFont = ['system-ui', 'Noto Sans', 'Liberation Sans', 'sans-serif']
/** MapLibre reads the weight off the first name and tries the next one for the letters. */
export const mapFontBold = ['Label Bold', ...mapFont]

function labelLayers(): LayerSpecification[] {
  const paint = {
    'text-color': readToken('map-label'),
    'text-halo-color': readToken('map-halo'),
    'text-halo-width': 1.4,
  }
  return [
    {
      id: 'street-names',
      type: 'symbol',
      source: 'city',
      minzoom: 13.5,
      filter: isClass('street-primary', 'street-secondary', 'street-residential'),
      layout: {
        'symbol-placement': 'line',
        'text-field': ['get', 'name'],
        'text-font': mapFont,
        'text-size': ['interpolate', ['linear'], ['zoom'], 13, 11, 17, 13],
        'symbol-spacing': 360,
        'symbol-sort-key': [
          'match',
          ['get', 'class'],
          'street-primary',
          0,
          'street-secondary',
          1,
          'street-residential',
          2,
          3,
        ],
      },
      paint,
    },
    {
      id: 'water-names',
      type: 'symbol',
      source: 'city',
      minzoom: 12.5,
      filter: isClass('water', 'park'),
      layout: { 'text-field': ['get', 'name'], 'text-font': mapFont, 'text-size': 12 },
      paint,
    },
    {
      id: 'place-names',
      type: 'symbol',
      source: 'city',
      maxzoom: 17,
      filter: ['all', isClass('place'), ['!=', ['get', 'place'], 'city']],
      layout: {
        'text-field': ['get', 'name'],
        'text-font': mapFont,
        'text-size': 13,
        'text-transform': ['match', ['get', 'place'], 'district', 'uppercase', 'none'],
        'text-letter-spacing': ['match', ['get', 'place'], 'district', 0.08, 0],
      },
      paint,
    },
  ]
}
