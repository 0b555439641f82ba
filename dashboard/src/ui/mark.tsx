import { type MarkName, marks } from './shapes.ts'

/** The bare shape; always stands beside its word, so it is hidden from screen readers. */
export function Shape({ name }: { name: MarkName }) {
  const mark = marks[name]
  return (
    <svg className={`shape shape-${mark.token}`} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path
        className={mark.solid ? 'shape-solid' : 'shape-outline'}
        d={mark.path}
        strokeDasharray={mark.dashed ? '4 3' : undefined}
      />
      {mark.detail !== '' && <path className={mark.solid ? 'shape-ink' : 'shape-outline'} d={mark.detail} />}
    </svg>
  )
}

/** A state or severity: shape, word and colour together. */
export function Mark({ name, label }: { name: MarkName; label?: string }) {
  return (
    <span className="mark">
      <Shape name={name} />
      <span className={`tint-${marks[name].token}`}>{label ?? marks[name].label}</span>
    </span>
  )
}
