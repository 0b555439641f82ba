import type { LiveDevice } from '../../../contracts/live.ts'
import type { Severity } from '../../../contracts/severity.ts'

/** What a mark on a list, a card or the map can say. Each has a shape, a word and a colour; no two share any of them. */
export type MarkName = Exclude<LiveDevice['state'], 'alert'> | Severity

export interface MarkSpec {
  readonly label: string
  /** Name of the colour token. */
  readonly token: string
  /** Outline on a 24 by 24 grid; filled when `solid`, else stroked. */
  readonly path: string
  readonly solid: boolean
  /** Strokes drawn over the outline. */
  readonly detail: string
  readonly dashed?: boolean
  /** Higher is worse; a cluster shows its worst. */
  readonly rank: number
}

const ring = 'M12 4a8 8 0 1 0 0 16a8 8 0 1 0 0-16Z'

/** One list for HTML and for the map's canvas, so that a shape means the same on both. */
export const marks: Readonly<Record<MarkName, MarkSpec>> = {
  ok: { label: 'OK', token: 'ok', path: 'M12 6a6 6 0 1 0 0 12a6 6 0 1 0 0-12Z', solid: true, detail: '', rank: 0 },
  'never-seen': {
    label: 'Never seen',
    token: 'never-seen',
    path: ring,
    solid: false,
    detail: '',
    dashed: true,
    rank: 1,
  },
  offline: {
    label: 'Offline',
    token: 'offline',
    path: 'M5 5H19V19H5Z',
    solid: false,
    detail: 'M9 9 15 15M15 9 9 15',
    rank: 2,
  },
  'no-data': {
    label: 'No data',
    token: 'no-data',
    path: ring,
    solid: false,
    detail: 'M9.6 10a2.5 2.5 0 1 1 3.7 2.200c-.9.5-1.3 1-1.3 1.800M12 16.400v.3',
    rank: 3,
  },
  low: { label: 'Low', token: 'low', path: 'M3 6H21L12 21Z', solid: true, detail: 'M12 9v5', rank: 4 },
  medium: {
    label: 'Medium',
    token: 'medium',
    path: 'M12 2 22 12 12 22 2 12Z',
    solid: true,
    detail: 'M12 7.500v6M12 16.200v.3',
    rank: 5,
  },
  high: {
    label: 'High',
    token: 'high',
    path: 'M12 2.5 22.5 20.500H1.500Z',
    solid: true,
    detail: 'M12 9v6M12 17.500v.3',
    rank: 6,
  },
  critical: {
    label: 'Critical',
    token: 'critical',
    path: 'M8 1.800H16L22.2 8V16L16 22.200H8L1.8 16V8Z',
    solid: true,
    detail: 'M12 6.500v7M12 17v.3',
    rank: 7,
  },
}

export const markNames = Object.keys(marks) as readonly MarkName[]

/** An alerting device is shown by the severity of its worst open alert. */
export function markOf(device: Pick<LiveDevice, 'state' | 'severity'>): MarkName {
  return device.state === 'alert' ? (device.severity ?? 'medium') : device.state
}
