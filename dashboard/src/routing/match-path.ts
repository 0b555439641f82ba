/**
 * @param pattern levels separated by `/`; one that begins with `:` takes any value
 * @returns the values by name, or undefined when the path is another one
 */
export function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/')
  const given = path.replace(/(.)\/$/, '$1').split('/')
  if (wanted.length !== given.length) return undefined
  const values: Record<string, string> = {}
  for (const [index, level] of wanted.entries()) {
    const value = given[index]!
    if (level.startsWith(':')) {
      const decoded = decodeLevel(value)
      if (decoded === undefined) return undefined
      values[level.slice(1)] = decoded
    } else if (level !== value) return undefined
  }
  return values
}

function decodeLevel(level: string): string | undefined {
  try {
    return decodeURIComponent(level)
  } catch {
    return undefined
  }
}
