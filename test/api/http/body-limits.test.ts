import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { json } from '../../../api/http/answer.ts'
import { defineRoute } from '../../../api/http/route.ts'
import { anApp } from './open-app.ts'

const usualMax = 256 * 1024
const ownMax = 1000

const about = {
  method: 'post',
  area: 'System',
  summary: 'Takes a text',
  body: z.strictObject({ text: z.string() }),
  answer: { description: 'How long it was', schema: z.strictObject({ bytes: z.number() }) },
} as const

const routes = [
  defineRoute({
    ...about,
    path: '/api/usual',
    access: 'anyone',
    handler: ({ body }) => json({ bytes: body.text.length }),
  }),
  defineRoute({
    ...about,
    path: '/api/own',
    access: 'anyone',
    bodyBytesMax: ownMax,
    acceptsCsv: true,
    handler: ({ body, csv }) => json({ bytes: (csv ?? body.text).length }),
  }),
  defineRoute({
    ...about,
    path: '/api/staff',
    access: 'users.manage',
    bodyBytesMax: ownMax,
    handler: ({ body }) => json({ bytes: body.text.length }),
  }),
]

const frame = JSON.stringify({ text: '' }).length
const jsonOf = (bytes: number) => JSON.stringify({ text: 'x'.repeat(bytes - frame) })
const asJson = { 'Content-Type': 'application/json' }
const chunked = { 'Transfer-Encoding': 'chunked' }

interface Case {
  readonly it: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: (bytes: number) => string | Uint8Array
  readonly bytesMax: number
}

const cases: readonly Case[] = [
  { it: '256 KiB where nothing else is said', path: '/api/usual', headers: asJson, body: jsonOf, bytesMax: usualMax },
  { it: 'what the route says', path: '/api/own', headers: asJson, body: jsonOf, bytesMax: ownMax },
  {
    it: 'as many without a length before it',
    path: '/api/own',
    headers: { ...asJson, ...chunked },
    body: jsonOf,
    bytesMax: ownMax,
  },
  {
    it: 'as many once unpacked',
    path: '/api/own',
    headers: { ...asJson, 'Content-Encoding': 'gzip' },
    body: (bytes) => gzipSync(jsonOf(bytes)),
    bytesMax: ownMax,
  },
  {
    it: 'as many of CSV',
    path: '/api/own',
    headers: { 'Content-Type': 'text/csv' },
    body: (bytes) => 'x'.repeat(bytes),
    bytesMax: ownMax,
  },
]

describe('a body may have', () => {
  const limits = { sensitive: { windowS: 60, requestsMax: 100 }, usual: { windowS: 60, requestsMax: 100 } }

  it.each(cases)('$it, and not one byte more', async ({ path, headers, body, bytesMax }) => {
    const { call } = await anApp({ routes, limits })
    expect(await call('POST', path, { headers, body: body(bytesMax) })).toMatchObject({ status: 200 })
    const { status, text } = await call('POST', path, { headers, body: body(bytesMax + 1) })
    expect([status, JSON.parse(text).error.code]).toEqual([413, 'body-too-large'])
  })

  it('no byte that is read for somebody who may not use the route', async () => {
    const { call } = await anApp({ routes, limits })
    const { status } = await call('POST', '/api/staff', { headers: asJson, body: jsonOf(ownMax + 1) })
    expect(status).toBe(401)
  })
})
