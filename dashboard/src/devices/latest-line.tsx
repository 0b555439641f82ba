import { findKind } from '../../../contracts/kinds/index.ts'
import type { LiveDevice } from '../../../contracts/live.ts'
import { formatValue } from '../ui/format.ts'

/** The main value of each kind a device sends, in one line: `PM2.5 12.4 µg/m³`. */
export function LatestLine({ device }: { device: LiveDevice }) {
  const parts = Object.entries(device.latest).flatMap(([kindId, reading]) => {
    const kind = findKind(kindId)
    const field = kind?.fields[kind.card.primary]
    if (kind === undefined || field === undefined) return []
    return [{ kindId, field, value: reading.values[kind.card.primary] }]
  })
  if (parts.length === 0) return <span className="muted">no reading yet</span>
  return (
    <span className="latest-line">
      {parts.map(({ kindId, field, value }) => (
        <span key={kindId}>
          <span className="muted">{field.label}</span> <span className="number">{formatValue(field, value)}</span>{' '}
          <span className="muted">{field.unit}</span>
        </span>
      ))}
    </span>
  )
}
