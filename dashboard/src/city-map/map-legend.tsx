import { useMemo } from 'react'
import type { BoundingBox } from '../../../contracts/geo.ts'
import { setDeviceFilter, useDeviceFilter } from '../devices/device-filter.ts'
import { useLiveDevices } from '../live/use-live.ts'
import { formatCount } from '../ui/format.ts'
import { Shape } from '../ui/mark.tsx'
import { type MarkName, markNames, markOf, marks } from '../ui/shapes.ts'
import { isInView } from './in-view.ts'

/** What the shapes mean, how many of each are in view, and a press filters by it. */
export function MapLegend({ box }: { box: BoundingBox | undefined }) {
  const { devices, version } = useLiveDevices()
  const { state } = useDeviceFilter()
  // biome-ignore lint/correctness/useExhaustiveDependencies: the table changes in place, its version says when
  const counts = useMemo(() => {
    const byMark = new Map<MarkName, number>()
    for (const device of devices.values()) {
      if (!isInView(box, device)) continue
      const mark = markOf(device)
      byMark.set(mark, (byMark.get(mark) ?? 0) + 1)
    }
    return byMark
  }, [devices, version, box])
  const shown = markNames.filter((name) => (counts.get(name) ?? 0) > 0 || state === name)
  return (
    <ul className="map-legend plain" aria-label="Devices in view by state">
      {shown.toReversed().map((name) => (
        <li key={name}>
          <button
            type="button"
            aria-pressed={state === name}
            onClick={() => setDeviceFilter('state', state === name ? '' : name)}
          >
            <Shape name={name} />
            <span>{marks[name].label}</span>
            <span className="number">{formatCount(counts.get(name) ?? 0)}</span>
          </button>
        </li>
      ))}
    </ul>
  )
}
