type Json = Record<string, unknown>

/**
 * A JSON schema as a person reads it: `{ id: string, position: Position | null }`.
 * Named schemas stay names; the page links them to their own outline.
 */
export function outlineSchema(schema: Json, indent = ''): string {
  if (typeof schema.$ref === 'string') return schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)
  const alternatives = (schema.anyOf ?? schema.oneOf) as Json[] | undefined
  if (alternatives !== undefined) return alternatives.map((one) => outlineSchema(one, indent)).join(' | ')
  if (Array.isArray(schema.allOf)) return schema.allOf.map((one) => outlineSchema(one as Json, indent)).join(' & ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  if (Array.isArray(schema.type)) return schema.type.join(' | ')
  if (schema.type === 'array') return outlineList(outlineSchema((schema.items ?? {}) as Json, indent))
  if (schema.type === 'object') return outlineObject(schema, indent)
  if (typeof schema.type !== 'string') return 'any'
  return schema.type + outlineBounds(schema)
}

function outlineList(item: string): string {
  const [, type, bounds] = /^(\w+) \((.*)\)$/.exec(item) ?? []
  if (type !== undefined) return `${type}[] (${bounds} each)`
  return /^[^{]* \| /.test(item) ? `(${item})[]` : `${item}[]`
}

function outlineObject(schema: Json, indent: string): string {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Json>)
  if (properties.length === 0) {
    const { additionalProperties } = schema
    const values =
      typeof additionalProperties === 'object' ? outlineSchema(additionalProperties as Json, indent) : 'any'
    return `{ [name]: ${values} }`
  }
  const required = new Set((schema.required ?? []) as string[])
  const inner = `${indent}  `
  const lines = properties.map(([name, property]) => {
    const about = typeof property.description === 'string' ? `   // ${property.description}` : ''
    return `${inner}${name}${required.has(name) ? '' : '?'}: ${outlineSchema(property, inner)}${about}`
  })
  return `{\n${lines.join('\n')}\n${indent}}`
}

function outlineBounds(schema: Json): string {
  if (schema.format === 'date-time') return ' (RFC 3339)'
  const low = schema.minimum ?? schema.minLength
  const high = schema.maximum ?? schema.maxLength
  // The bounds of a safe integer say nothing.
  const shows = (bound: unknown) => typeof bound === 'number' && Math.abs(bound) < Number.MAX_SAFE_INTEGER
  if (!shows(low) && !shows(high)) return ''
  const what = schema.type === 'string' ? ' characters' : ''
  return ` (${shows(low) ? low : ''}..${shows(high) ? high : ''}${what})`
}
