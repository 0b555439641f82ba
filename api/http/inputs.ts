import { z } from 'zod'
import { deviceIdSchema } from '../../contracts/device.ts'
import type { BoundingBox } from '../../contracts/geo.ts'

/** Query parameters that several routes share. All arrive as text. */

export const limitSchema = z.coerce.number().int().min(1).max(1000).default(100)

const epochMsMax = 8.64e15

/** Under this name the schema of a list's items travels to the OpenAPI document. */
export const listItems = 'x-list-items'

/** RFC 3339 with any offset, or epoch milliseconds. @returns epoch milliseconds */
export const timeInputSchema = z
  .string()
  .max(40)
  .transform((text, context) => {
    const ms = /^\d{1,16}$/.test(text) ? Number(text) : parseRfc3339(text)
    if (ms !== undefined && ms <= epochMsMax) return ms
    context.addIssue({ code: 'custom', message: 'a time is RFC 3339 (2025-11-21T08:00:00Z) or epoch milliseconds' })
    return z.NEVER
  })
  .describe('RFC 3339, or epoch milliseconds')

const rfc3339 = z.iso.datetime({ offset: true })

function parseRfc3339(text: string): number | undefined {
  const parsed = rfc3339.safeParse(text)
  return parsed.success ? Date.parse(parsed.data) : undefined
}

/** `west,south,east,north` in degrees (RFC 7946, section 5). */
export const boundingBoxSchema = z
  .string()
  .max(120)
  .transform((text, context): BoundingBox => {
    const box = boxSchema.safeParse(text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part))))
    if (box.success) {
      const [west, south, east, north] = box.data
      if (south <= north) return { west, south, east, north }
    }
    context.addIssue({ code: 'custom', message: 'a box is west,south,east,north in degrees' })
    return z.NEVER
  })
  .describe('west,south,east,north in degrees')

const longitude = z.number().min(-180).max(180)
const latitude = z.number().min(-90).max(90)
const boxSchema = z.tuple([longitude, latitude, longitude, latitude])

/** `a,b,c`, bounded in number, each checked by `item`. OpenAPI is told of the list behind the text. */
export function listOf<T extends z.ZodType>(item: T, countMax: number) {
  return z
    .string()
    .max(8192)
    .transform((text, context): z.output<T>[] => {
      const parsed = z.array(item).min(1).max(countMax).safeParse(text.split(','))
      if (parsed.success) return parsed.data
      for (const issue of parsed.error.issues) context.addIssue({ code: 'custom', message: issue.message })
      return z.NEVER
    })
    .meta({
      description: `Separated by commas, at most ${countMax}`,
      [listItems]: z.toJSONSchema(item, { io: 'input' }),
    })
}

export const deviceIdListSchema = listOf(deviceIdSchema, 100)

/** `?flag`, `?flag=true` and `?flag=1` are yes. */
export const flagSchema = z
  .enum(['', 'true', '1', 'false', '0'])
  .transform((text) => text !== 'false' && text !== '0')
  .describe('Present, true or 1 means yes')

export const deviceParamsSchema = z.strictObject({ id: deviceIdSchema })

/** Ids the server made itself. */
export const idParamsSchema = z.strictObject({ id: z.string().regex(/^[A-Za-z0-9_.:-]{1,128}$/, 'not an id') })

/** @returns RFC 3339 in UTC */
export function toTime(ms: number): string {
  return new Date(ms).toISOString()
}

export function toTimeOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : toTime(ms)
}
