import { z } from 'zod'
import { access, type Capability } from '../../contracts/access.ts'
import { errorAnswerSchema } from '../../contracts/http/common.ts'
import { listItems } from '../http/inputs.ts'
import { areas, type Route } from '../http/route.ts'
import { legacyFaultSchemas } from '../legacy-faults.ts'

type Json = Record<string, unknown>

export interface OpenApiDocument extends Json {
  readonly openapi: string
  readonly info: {
    readonly title: string
    readonly version: string
    readonly description: string
    readonly license: Json
  }
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Json>>; readonly securitySchemes: Json }
}

export interface OpenApiOperation extends Json {
  readonly tags: readonly string[]
  readonly summary: string
  readonly operationId: string
  readonly description?: string
  readonly parameters?: readonly OpenApiParameter[]
  readonly requestBody?: { readonly required: boolean; readonly content: Readonly<Record<string, { schema: Json }>> }
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Readonly<Record<string, { schema: Json }>> }>
  >
  readonly security: readonly Json[]
}

export interface OpenApiParameter {
  readonly name: string
  readonly in: 'path' | 'query'
  readonly required: boolean
  readonly description?: string
  readonly schema: Json
  readonly style?: 'form'
  readonly explode?: false
}

const description = `Readings, devices, alerts and what became of every message.

Times are RFC 3339 in UTC, positions WGS-84. Lists page by cursor: hand \`nextCursor\` back as \`cursor\` until it is null.
Every failure has the one shape \`{"error": {"code", "message", "details"}}\`; \`code\` is stable and made for programs.`

/** The whole HTTP API as OpenAPI 3.1, made of the very routes and schemas that answer. */
export function describeApi(routes: readonly Route[], version: string): OpenApiDocument {
  const components = new Components()
  const paths: Record<string, Record<string, OpenApiOperation>> = {}
  for (const route of routes) {
    const path = toTemplate(route.path)
    paths[path] = { ...paths[path], [route.method]: describeRoute(route, components) }
  }
  return {
    openapi: '3.1.1',
    info: { title: 'Prahari', version, description, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/' }],
    tags: areas.map((name) => ({ name })),
    paths,
    components: {
      schemas: components.schemas,
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  }
}

/** `/a/:id` -> `/a/{id}` */
function toTemplate(path: string): string {
  return path.replace(/:(\w+)/g, '{$1}')
}

function describeRoute(route: Route, components: Components): OpenApiOperation {
  const parameters = [
    ...describeParameters('path', route.params, components),
    ...describeParameters('query', route.query, components),
  ]
  return {
    tags: [route.area],
    summary: route.summary,
    operationId: nameOperation(route),
    description: [route.description, sayWho(route)].filter(Boolean).join('\n\n'),
    ...(parameters.length > 0 && { parameters }),
    ...(route.body !== undefined && { requestBody: describeBody(route, route.body, components) }),
    ...(route.acceptsFile && { requestBody: describeFile(route.acceptsFile) }),
    responses: { ...describeSuccess(route, components), ...describeFaults(route, components) },
    security: route.access === 'anyone' ? [] : route.alsoLets === undefined ? [{ bearer: [] }] : [{ bearer: [] }, {}],
  }
}

/** `GET /api/devices/:id/readings` -> `getDevicesByIdReadings` */
function nameOperation({ method, path }: Route): string {
  const words = path.replace(/^\/api\//, '/').split(/[^A-Za-z0-9:]+/)
  const capitals = words.filter(Boolean).map((word) => {
    const name = word.startsWith(':') ? `by${capitalise(word.slice(1))}` : word
    return capitalise(name)
  })
  return method + capitals.join('') + (path.startsWith('/api/') ? '' : 'AtRoot')
}

function capitalise(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

const limitNotes: Readonly<Record<NonNullable<Route['limit']>, string>> = {
  sensitive: ' Few requests per client are allowed.',
  'sensitive-unless-signed-in': ' Few requests per client are allowed without signing in.',
  usual: '',
  none: '',
}

function sayWho({ access: who, limit = 'usual' }: Route): string {
  const roles = who === 'anyone' ? 'Anyone, without a token.' : describeRoles(who)
  return roles + limitNotes[limit]
}

function describeRoles(capability: Capability): string {
  const { all, own }: { readonly all: readonly string[]; readonly own: readonly string[] } = access[capability]
  return `Roles: ${all.join(', ')}.${own.length > 0 ? ` What is their own: ${own.join(', ')}.` : ''}`
}

function describeParameters(
  place: 'path' | 'query',
  schema: z.ZodType | undefined,
  components: Components,
): OpenApiParameter[] {
  if (schema === undefined) return []
  const { properties = {}, required = [] } = components.inline(schema, 'input') as {
    properties?: Record<string, Json>
    required?: string[]
  }
  return Object.entries(properties).map(([name, { description: about, [listItems]: items, ...rest }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(typeof about === 'string' && { description: about }),
    ...(items === undefined
      ? { schema: rest }
      : // One parameter, `a,b,c`.
        { style: 'form', explode: false, schema: { type: 'array', items: items as Json } }),
  }))
}

function describeBody(route: Route, schema: z.ZodType, components: Components) {
  return {
    required: !schema.safeParse(undefined).success || route.acceptsCsv === true,
    content: {
      'application/json': { schema: components.inline(schema, 'input') },
      ...(route.acceptsCsv === true && { 'text/csv': { schema: { type: 'string' } } }),
    },
  }
}

function describeFile(mediaTypes: readonly string[]) {
  const file = { schema: { type: 'string', format: 'binary' } }
  return { required: true, content: Object.fromEntries(mediaTypes.map((type) => [type, file])) }
}

function describeSuccess({ answer, otherStatuses = {} }: Route, components: Components) {
  const media = answer.schema === undefined ? (answer.media ?? []) : ['application/json']
  const schema = answer.schema === undefined ? { type: 'string' } : components.inline(answer.schema, 'output')
  const content = media.length > 0 && { content: Object.fromEntries(media.map((type) => [type, { schema }])) }
  const statuses: [string, string][] = [
    [String(answer.status ?? 200), answer.description],
    ...Object.entries(otherStatuses),
  ]
  return Object.fromEntries(statuses.map(([status, about]) => [status, { description: about, ...content }]))
}

/** Which errors a route can answer follows from what it asks for. */
function describeFaults(route: Route, components: Components) {
  const faults: Record<string, string> = { ...route.faults }
  const checksInput = route.params !== undefined || route.query !== undefined || route.body !== undefined
  if (checksInput) faults[400] ??= 'The request does not fit; `details` say where'
  if (route.access !== 'anyone') {
    faults[401] ??= 'No token, or one that is not believed'
    faults[403] ??= 'The role may not do this'
  }
  if (route.body !== undefined) {
    faults[413] ??= 'The body is too large'
    faults[415] ??= 'The body is of another type'
  }
  if (route.limit !== 'none') faults[429] ??= 'Too many requests'
  faults[500] ??= 'A fault of ours'
  const shape = route.faultShape === undefined ? errorAnswerSchema : legacyFaultSchemas[route.faultShape]
  const content = { 'application/json': { schema: components.inline(shape, 'output') } }
  return Object.fromEntries(Object.entries(faults).map(([status, about]) => [status, { description: about, content }]))
}

/** Collects every schema that has a name, so that the document says each once. */
class Components {
  readonly schemas: Record<string, Json> = {}

  /** @returns the schema, or a reference to it when it has a name */
  inline(schema: z.ZodType, io: 'input' | 'output'): Json {
    const { $schema: _, $defs = {}, ...rest } = toJsonSchema(schema, io)
    Object.assign(this.schemas, $defs)
    return rest
  }
}

function toJsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const made = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      // `date-time` says it all; the pattern behind it is 300 characters of leap years.
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern
      delete jsonSchema.$schema
      delete (jsonSchema[listItems] as Json | undefined)?.$schema
    },
  })
  return JSON.parse(JSON.stringify(made).replaceAll('"#/$defs/', '"#/components/schemas/')) as Json
}
