import { useCallback, useState } from 'react'
import type { BoundingBox } from '../../../contracts/geo.ts'
import type { LiveDevice } from '../../../contracts/live.ts'
import { LatestLine } from '../devices/latest-line.tsx'
import { useDeviceRows } from '../devices/use-device-rows.ts'
import { formatCount } from '../ui/format.ts'
import { Mark } from '../ui/mark.tsx'
import { markOf } from '../ui/shapes.ts'
import { Empty } from '../ui/states.tsx'
import { SimulatedTag } from '../ui/tags.tsx'
import { isInView } from './in-view.ts'

interface DeviceListProps {
  /** What the map shows; the whole city before there is a map. */
  readonly box: BoundingBox | undefined
  readonly selectedId: string
  readonly onSelect: (id: string) => void
}

const pageSize = 60

/** The map in words: the devices in view, worst first, each one a button that chooses it. */
export function DeviceList({ box, selectedId, onSelect }: DeviceListProps) {
  const [limit, setLimit] = useState(pageSize)
  const isShown = useCallback((device: LiveDevice) => isInView(box, device), [box])
  const { rows, total } = useDeviceRows(isShown)
  return (
    <div className="device-list">
      <p className="muted list-count">
        {formatCount(rows.length)} {rows.length === 1 ? 'device' : 'devices'} in view, worst first
      </p>
      {rows.length === 0 && (
        <Empty title={total === 0 ? 'No devices yet.' : 'No device here passes the filter.'}>
          {total > 0 && 'Move the map or clear the filter.'}
        </Empty>
      )}
      <ul className="plain">
        {rows.slice(0, limit).map((device) => (
          <li key={device.id}>
            <button
              type="button"
              className="device-row"
              aria-pressed={device.id === selectedId}
              onClick={() => onSelect(device.id)}
            >
              <span className="device-row-name">
                {device.name} {device.simulated && <SimulatedTag />}
              </span>
              <Mark name={markOf(device)} />
              <LatestLine device={device} />
            </button>
          </li>
        ))}
      </ul>
      {rows.length > limit && (
        <button type="button" className="more" onClick={() => setLimit(limit + pageSize)}>
          Show {Math.min(pageSize, rows.length - limit)} more
        </button>
      )}
    </div>
  )
}
