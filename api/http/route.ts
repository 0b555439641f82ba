import type { IncomingMessage } from 'node:http'
import type { z } from 'zod'
import type { Capability, Reach } from '../../contracts/access.ts'
import type { Client, Identity } from '../../people/index.ts'
import type { FaultShape } from '../legacy-faults.ts'
import type { Answer } from './answer.ts'

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'

export const areas = [
  'Accounts',
  'Users',
  'Earlier clients',
  'Devices',
  'Readings',
  'Alerts',
  'SOS',
  'Dispatch',
  'Notices',
  'Quarantine',
  'City',
  'Audit',
  'System',
] as const
type Area = (typeof areas)[number]

/** Who a request speaks for, once its token has been believed. */
export type Principal = Identity

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined

/** What a handler gets: checked, typed and nothing else. */
interface RouteInput<A, P, Q, B> {
  readonly params: Parsed<P>
  readonly query: Parsed<Q>
  readonly body: Parsed<B>
  /** The body of a `text/csv` request, on routes that accept one. */
  readonly csv: string | undefined
  /** The body as it comes, on routes that accept a file. */
  readonly file: { readonly mediaType: string; readonly content: AsyncIterable<Uint8Array> } | undefined
  readonly principal: A extends 'anyone' ? undefined : Principal
  /** Whether everybody's rows are within reach, or only the principal's own (see `owns`). */
  readonly reach: A extends 'anyone' ? undefined : Reach
  readonly requestId: string
  readonly client: Client
  /** What stands in the Authorization header, not looked at. */
  readonly bearer: string | undefined
  /**
   * For routes that let anyone in: who a token speaks for, if one came along.
   * @throws AppError `unauthenticated` for a token that is not believed
   */
  caller(): Promise<Principal | undefined>
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
  /**
   * Says that the handler narrows itself to the principal's own rows where `reach` is `own`. A route whose row of the
   * access table has such roles, and that does not say so, is not mounted.
   */
  readonly narrowsToOwn?: true
  /** One more way in, for requests that carry no user's token. */
  readonly alsoLets?: (request: IncomingMessage) => boolean
  /**
   * `sensitive` for what can be guessed at; `none` for probes. `sensitive-unless-signed-in` for what may never be refused
   * to a signed-in user for being too many, an SOS for one: the others are limited as what is sensitive, counted apart.
   */
  readonly limit?: 'sensitive' | 'sensitive-unless-signed-in' | 'usual' | 'none'
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  readonly bodyBytesMax?: number
  readonly acceptsCsv?: boolean
  /** Media types of a file that is the body. The handler reads it, and keeps to its own bound. */
  readonly acceptsFile?: readonly string[]
  readonly answer: AnswerSpec<R>
  /** How clients of an earlier backend read this route's faults. */
  readonly faultShape?: FaultShape
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
