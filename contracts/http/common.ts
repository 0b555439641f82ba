import { z } from 'zod'

/** Times at the HTTP edge are RFC 3339 in UTC; inside the house they are epoch milliseconds. */
export const timeSchema = z.iso.datetime()

/** What every list answers. `nextCursor` is opaque; null on the last page. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() })
}

/** What every failure answers, whatever the route. */
export const errorAnswerSchema = z
  .object({
    error: z.object({
      code: z.string().describe('Stable and kebab-case; made for programs'),
      message: z.string().describe('Made for people; may change'),
      details: z.array(z.object({ path: z.string().optional(), message: z.string() })),
    }),
  })
  .meta({ id: 'Error' })
export type ErrorAnswer = z.infer<typeof errorAnswerSchema>
