import { z } from 'zod'
import { content, json } from '../http/answer.ts'
import { defineRoute, type Route } from '../http/route.ts'
import { describeApi } from './openapi.ts'
import { docsPagePolicy, renderDocsPage } from './page.ts'

const documentSchema = z.looseObject({ openapi: z.string(), paths: z.record(z.string(), z.unknown()) })

/** The two routes that describe all others, themselves included. */
export function createDocsRoutes(otherRoutes: readonly Route[], version: string): Route[] {
  const routes: Route[] = [
    defineRoute({
      method: 'get',
      path: '/api/openapi.json',
      area: 'System',
      summary: 'This API as OpenAPI 3.1',
      access: 'anyone',
      answer: { description: 'The document', schema: documentSchema },
      handler: () => json(document),
    }),
    defineRoute({
      method: 'get',
      path: '/api/docs',
      area: 'System',
      summary: 'This API as a page for people',
      access: 'anyone',
      answer: { description: 'The page', media: ['text/html'] },
      handler: () =>
        content({
          mediaType: 'text/html; charset=utf-8',
          body: page,
          headers: { 'Content-Security-Policy': docsPagePolicy },
        }),
    }),
  ]
  const document = describeApi([...otherRoutes, ...routes], version)
  const page = renderDocsPage(document)
  return routes
}
