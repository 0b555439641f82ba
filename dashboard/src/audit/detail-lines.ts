/** One value of the details of an entry, with the names that lead to it. */
export interface DetailLine {
  readonly name: string
  readonly value: string
}

const linesMax = 200

/** Details laid out flat: `after.condition.above`. What is empty is said to be. */
export function layOutDetail(detail: Readonly<Record<string, unknown>>): DetailLine[] {
  const lines: DetailLine[] = []
  walk('', detail, lines)
  return lines
}

function walk(name: string, value: unknown, lines: DetailLine[]): void {
  if (lines.length >= linesMax) return
  if (typeof value !== 'object' || value === null) {
    lines.push({ name, value: value === null ? 'none' : String(value) })
    return
  }
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) {
    lines.push({ name, value: value.length === 0 ? 'none' : value.join(', ') })
    return
  }
  const parts = Object.entries(value)
  if (parts.length === 0 && name !== '') lines.push({ name, value: 'none' })
  for (const [key, part] of parts) walk(name === '' ? key : `${name}.${key}`, part, lines)
}
