import { findKind } from '../../../contracts/kinds/index.ts'
import type { Field, Kind } from '../../../contracts/kinds/kind.ts'
import { fieldNames } from '../../../contracts/kinds/kind.ts'
import type { LiveDevice } from '../../../contracts/live.ts'
import { formatValue } from '../ui/format.ts'
import { Mark } from '../ui/mark.tsx'
import { Age } from '../ui/time.tsx'
import { gaugeScale, gaugeShare, limitPassed, limitsOf } from './gauge-scale.ts'

type Latest = LiveDevice['latest'][string]

/** One card per kind of reading a device has sent, in the registry's own terms: a new kind gets its card for nothing. */
export function KindCards({ device }: { device: LiveDevice }) {
  const readings = Object.entries(device.latest)
  if (readings.length === 0) return <p className="muted">No reading yet.</p>
  return (
    <div className="kind-cards">
      {readings.map(([kindId, latest]) => {
        const kind = findKind(kindId)
        return kind && <KindCard key={kindId} kind={kind} latest={latest} />
      })}
    </div>
  )
}

const widgets: Readonly<Record<Kind['card']['widget'], (props: WidgetProps) => React.ReactNode>> = {
  gauge: Gauge,
  level: Level,
  number: () => null,
}

interface WidgetProps {
  readonly kind: Kind
  readonly name: string
  readonly value: number
}

function KindCard({ kind, latest }: { kind: Kind; latest: Latest }) {
  const primary = kind.card.primary
  const field = kind.fields[primary]!
  const value = latest.values[primary]
  const passed = value === undefined ? undefined : limitPassed(limitsOf(kind, primary), value)
  const Widget = widgets[kind.card.widget]
  const others = fieldNames(kind).filter((name) => name !== primary && latest.values[name] !== undefined)
  return (
    <article className="kind-card" aria-label={kind.label}>
      <header>
        <h3>{kind.label}</h3>
        <span className="muted">
          <Age atMs={latest.atMs} />
        </span>
      </header>
      <p className="kind-value">
        <span className="number">{formatValue(field, value)}</span> <span className="unit">{field.unit}</span>
        <span className="muted kind-value-name">{field.label}</span>
      </p>
      {passed && <Mark name={passed.severity} label={`${passed.side} ${formatValue(field, passed.value)}`} />}
      {value !== undefined && <Widget kind={kind} name={primary} value={value} />}
      <dl className="facts dense">
        {others.map((name) => (
          <FieldFact key={name} field={kind.fields[name]!} value={latest.values[name]} />
        ))}
      </dl>
    </article>
  )
}

function FieldFact({ field, value }: { field: Field; value: number | undefined }) {
  return (
    <div>
      <dt>{field.label}</dt>
      <dd>
        <span className="number">{formatValue(field, value)}</span> <span className="unit">{field.unit}</span>
      </dd>
    </div>
  )
}

/** Half a circle: 180 degrees of radius 80 around (100, 90). */
const arcLength = Math.PI * 80

function Gauge({ kind, name, value }: WidgetProps) {
  const field = kind.fields[name]!
  const scale = gaugeScale({ kind, field: name, value })
  const share = gaugeShare(scale, value)
  const limits = limitsOf(kind, name)
  return (
    <svg className="gauge" viewBox="0 0 200 104" role="img" aria-label={`${field.label} on a scale to ${scale.max}`}>
      <path className="gauge-track" d="M20 90A80 80 0 0 1 180 90" />
      <path
        className={`gauge-value tint-${limitPassed(limits, value)?.severity ?? 'chart'}`}
        d="M20 90A80 80 0 0 1 180 90"
        strokeDasharray={`${share * arcLength} ${arcLength}`}
      />
      {limits.map((limit) => (
        <path
          key={limit.value}
          className={`gauge-limit`}
          d="M10 90H30"
          transform={`rotate(${gaugeShare(scale, limit.value) * 180} 100 90)`}
        >
          <title>{`${limit.severity} from ${limit.value} ${field.unit}`}</title>
        </path>
      ))}
      <text x="20" y="103" textAnchor="middle">
        {scale.min}
      </text>
      <text x="180" y="103" textAnchor="middle">
        {scale.max}
      </text>
    </svg>
  )
}

function Level({ kind, name, value }: WidgetProps) {
  const field = kind.fields[name]!
  const share = gaugeShare({ min: field.min, max: field.max }, value)
  const limits = limitsOf(kind, name)
  const x = (at: number) => 2 + 196 * gaugeShare({ min: field.min, max: field.max }, at)
  return (
    <svg className="level" viewBox="0 0 200 26" role="img" aria-label={`${field.label} level`}>
      <rect className="level-track" x="2" y="4" width="196" height="16" rx="4" />
      <rect
        className={`level-value tint-${limitPassed(limits, value)?.severity ?? 'chart'}`}
        x="2"
        y="4"
        width={196 * share}
        height="16"
        rx="4"
      />
      {limits.map((limit) => (
        <path key={limit.value} className={`gauge-limit`} d={`M${x(limit.value)} 1V25`}>
          <title>{`${limit.severity} from ${limit.value} ${field.unit}`}</title>
        </path>
      ))}
    </svg>
  )
}
