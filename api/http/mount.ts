import express, { type Express, type Request, type RequestHandler } from 'express'
import type { z } from 'zod'
import { access as accessTable, type Reach, reachOf } from '../../contracts/access.ts'
import { AppError } from '../../contracts/errors.ts'
import { invalidRequest } from '../errors.ts'
import type { FaultShape } from '../legacy-faults.ts'
import type { Answer } from './answer.ts'
import { bareAddress, type Limiters } from './rate-limits.ts'
import type { Principal, Route } from './route.ts'
import { abortWhenClientLeaves, sendAnswer } from './send.ts'

export interface MountOptions {
  readonly limiters: Limiters
  /** @throws AppError `unauthenticated` for a token that is not believed */
  readonly authenticate: (token: string) => Promise<Principal>
  /** Holds every JSON answer against its schema: in tests and development, too dear for production. */
  readonly checkAnswers: boolean
}

const bodyBytesMaxUsual = 256 * 1024

/** Puts the routes on the app. Per request, in this order: limit, token and role, body, validation, handler. */
export function mountRoutes(app: Express, routes: readonly Route[], options: MountOptions): void {
  for (const route of routes) {
    const limit = route.limit ?? 'usual'
    // First, so that a refusal of the limiter is told in the same way.
    const steps: RequestHandler[] = route.faultShape === undefined ? [] : [tellFaultsAs(route.faultShape)]
    if (limit === 'sensitive-unless-signed-in') steps.push(createAnonymousLimit(route, options))
    else if (limit !== 'none') steps.push(options.limiters[limit])
    assertNarrows(route)
    const admitted = new WeakMap<Request, Admitted>()
    steps.push(createAccessStep(route, options, admitted))
    // Only who may use the route gets us to read a body.
    if (route.body !== undefined) steps.push(...createBodySteps(route))
    app[route.method](route.path, ...steps, createHandlerStep(route, options, admitted))
  }
  refuseOtherMethods(app, routes)
}

function tellFaultsAs(shape: FaultShape): RequestHandler {
  return (_request, response, next) => {
    response.locals.faultShape = shape
    next()
  }
}

/**
 * Nobody who is signed in and may use the route is refused for being too many. Signed in is who has been believed:
 * whoever shows a token that is forged, has expired or belongs to a banned user is counted like one who shows none.
 */
function createAnonymousLimit({ access }: Route, { limiters, authenticate }: MountOptions): RequestHandler {
  async function isSignedIn(request: Request): Promise<boolean> {
    const token = findToken(request)
    if (token === undefined) return false
    try {
      const { role } = await authenticate(token)
      return access === 'anyone' || reachOf(role, access) !== undefined
    } catch {
      // Whatever it was, the steps that need to know run into it again.
      return false
    }
  }
  return async function limitAnonymous(request, response, next) {
    if (await isSignedIn(request)) return next()
    return limiters.anonymous(request, response, next)
  }
}

interface Admitted {
  readonly principal: Principal
  readonly reach: Reach
}

/** Nobody reaches other people's rows because a handler forgot that there is a difference. */
function assertNarrows({ access, narrowsToOwn, method, path }: Route): void {
  if (access === 'anyone' || narrowsToOwn === true || accessTable[access].own.length === 0) return
  throw new TypeError(
    `${method} ${path} lets roles in that may reach only what is their own, and does not narrow to it`,
  )
}

function createAccessStep(route: Route, options: MountOptions, admitted: WeakMap<Request, Admitted>): RequestHandler {
  const { access } = route
  if (access === 'anyone') return (_request, _response, next) => next()
  return async function checkAccess(request, _response, next) {
    if (route.alsoLets?.(request) === true) return next()
    const principal = await options.authenticate(readToken(request))
    const reach = reachOf(principal.role, access)
    if (reach === undefined) {
      throw new AppError('forbidden', 'forbidden', `The role ${principal.role} may not do this`)
    }
    admitted.set(request, { principal, reach })
    next()
  }
}

/** `Bearer`, and `Token` as an earlier backend's clients say it. */
function findToken(request: Request): string | undefined {
  const [, token] = /^(?:bearer|token) +([\w.~+/=-]{1,4096})$/i.exec(request.headers.authorization ?? '') ?? []
  return token
}

function readToken(request: Request): string {
  const token = findToken(request)
  if (token === undefined) throw new AppError('unauthenticated', 'token-required', 'Sign in first')
  return token
}

function createBodySteps(route: Route): RequestHandler[] {
  const limit = route.bodyBytesMax ?? bodyBytesMaxUsual
  const steps: RequestHandler[] = [express.json({ limit, type: ['application/json', 'application/*+json'] })]
  if (route.acceptsCsv === true) steps.push(express.text({ limit, type: 'text/csv' }))
  steps.push((request, _response, next) => {
    const hasBody = request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length']) > 0
    if (hasBody && request.body === undefined) {
      const accepted = route.acceptsCsv === true ? 'application/json or text/csv' : 'application/json'
      throw new AppError('invalid', 'unsupported-media-type', `Send the body as ${accepted}`)
    }
    next()
  })
  return steps
}

function createHandlerStep(route: Route, options: MountOptions, admitted: WeakMap<Request, Admitted>): RequestHandler {
  const status = route.answer.status ?? 200
  return async function handleRequest(request, response) {
    const csv = route.acceptsCsv === true && typeof request.body === 'string' ? request.body : undefined
    const answer = await route.handler({
      params: validate('path', route.params, request.params),
      query: validate('query', route.query, request.query),
      body: csv === undefined ? validate('body', route.body, request.body) : undefined,
      csv,
      file: route.acceptsFile && { mediaType: readMediaType(request), content: request },
      // Absent only where access is `anyone` or another way in was taken; the handler's type says which.
      principal: admitted.get(request)?.principal,
      reach: admitted.get(request)?.reach,
      requestId: request.requestId,
      client: { clientAddress: bareAddress(request.ip), userAgent: request.headers['user-agent'] },
      bearer: findToken(request),
      caller: async () =>
        request.headers.authorization === undefined ? undefined : options.authenticate(readToken(request)),
      signal: abortWhenClientLeaves(response),
    })
    if (options.checkAnswers) checkAnswer(route, answer)
    // Answers are about now and about this user. A route that knows better says so.
    response.setHeader('Cache-Control', 'no-store')
    await sendAnswer(response, status, answer)
  }
}

/** Without parameters. */
function readMediaType(request: Request): string {
  return (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()
}

function validate(part: 'path' | 'query' | 'body', schema: z.ZodType | undefined, input: unknown): unknown {
  if (schema === undefined) return undefined
  const result = schema.safeParse(input)
  if (!result.success) throw invalidRequest(part, result.error)
  return result.data
}

function checkAnswer(route: Route, answer: Answer<unknown>): void {
  if (answer.type !== 'json') return
  const result = route.answer.schema?.safeParse(JSON.parse(JSON.stringify(answer.body)))
  if (result?.success === true) return
  const faults = result?.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) ?? ['no schema']
  throw new TypeError(`${route.method} ${route.path} does not answer as it says: ${faults.join('; ')}`)
}

/** A known path under another method is 405 with what it does answer to (RFC 9110, section 15.5.6). */
function refuseOtherMethods(app: Express, routes: readonly Route[]): void {
  const methodsByPath = new Map<string, Set<string>>()
  for (const { path, method } of routes) {
    const methods = methodsByPath.get(path) ?? new Set(['OPTIONS'])
    methodsByPath.set(path, methods.add(method.toUpperCase()))
    if (method === 'get') methods.add('HEAD')
  }
  for (const [path, methods] of methodsByPath) {
    const allow = [...methods].sort().join(', ')
    app.all(path, (request, response) => {
      response.setHeader('Allow', allow)
      if (request.method === 'OPTIONS') response.status(204).end()
      else throw new AppError('invalid', 'method-not-allowed', `This path answers to ${allow}`)
    })
  }
}
