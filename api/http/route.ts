import type { IncomingMessage } from 'node:http'
import type { z } from 'zod'
import type { Role } from '../../contracts/roles.ts'
import type { Capability } from '../access.ts'
import type { Answer } from './answer.ts'

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'

export const areas = ['Accounts', 'Devices', 'Readings', 'Alerts', 'Quarantine', 'City', 'System'] as const
type Area = (typeof areas)[number]

/** Who a request speaks for, once its token has been believed. */
export interface Principal {
  readonly userId: string
  readonly role: Role
  readonly sessionId: string
}

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined

/** What a handler gets: checked, typed and nothing else. */
interface RouteInput<A, P, Q, B> {
  readonly params: Parsed<P>
  readonly query: Parsed<Q>
  readonly body: Parsed<B>
  /** The body of a `text/csv` request, on routes that accept one. */
  readonly csv: string | undefined
  readonly principal: A extends 'anyone' ? undefined : Principal
  readonly requestId: string
  /** IP address, behind trusted proxies the one they vouch for. */
  readonly clientAddress: string
  /** Aborted when the client goes away before it has its answer. */
  readonly signal: AbortSignal
}

/** A success as OpenAPI tells it. Exactly one of `schema` and `media` unless there is no content. */
interface AnswerSpec<R> {
  readonly status?: number
  readonly description: string
  readonly schema?: R
  readonly media?: readonly string[]
}

/**
 * One route as data. Routing, limits, access, validation, the error it may answer and its entry in OpenAPI
 * all follow from it, so they cannot drift apart.
 */
export interface RouteSpec<A extends 'anyone' | Capability, P, Q, B, R> {
  readonly method: Method
  /** Express form, `/api/devices/:id`. */
  readonly path: `/${string}`
  readonly area: Area
  readonly summary: string
  readonly description?: string
  /** `anyone` needs no token; anything else is a row of the access table. */
  readonly access: A
  /** One more way in, for requests that carry no user's token. */
  readonly alsoLets?: (request: IncomingMessage) => boolean
  /** `sensitive` for what can be guessed at; `none` for probes. */
  readonly limit?: 'sensitive' | 'usual' | 'none'
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  readonly bodyBytesMax?: number
  readonly acceptsCsv?: boolean
  readonly answer: AnswerSpec<R>
  /** Same shape as the answer, under another status. */
  readonly otherStatuses?: Readonly<Record<number, string>>
  /** Errors of its own, beside those that every route of its make can answer. */
  readonly faults?: Readonly<Record<number, string>>
  handler(
    input: RouteInput<A, P, Q, B>,
  ): Promise<Answer<R extends z.ZodType ? z.input<R> : never>> | Answer<R extends z.ZodType ? z.input<R> : never>
}

/** A route whose types have done their work. */
export type Route = Omit<RouteSpec<'anyone' | Capability, z.ZodType, z.ZodType, z.ZodType, z.ZodType>, 'handler'> & {
  handler(input: UntypedInput): Promise<Answer<unknown>> | Answer<unknown>
}

type UntypedInput = Readonly<Record<keyof RouteInput<'anyone', undefined, undefined, undefined>, unknown>>

/** Ties the handler's types to the schemas beside it. */
export function defineRoute<
  const A extends 'anyone' | Capability,
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
  R extends z.ZodType | undefined = undefined,
>(spec: RouteSpec<A, P, Q, B, R>): Route {
  // The one place where the types are let go: mount.ts hands the handler only what these very schemas returned.
  return spec as unknown as Route
}
