import { z } from 'zod'
import { positionSchema } from '../../contracts/geo.ts'
import { type SosLocation, sosTriggers } from '../../contracts/sos.ts'

/** An SOS must get through: what a body says that cannot be understood is left out, never the call itself. */

const lenientNumber = z.coerce.number().optional().catch(undefined)
const lenientText = (lengthMax: number) =>
  z
    .union([z.string(), z.number().transform(String)])
    .transform((text) => text.trim().slice(0, lengthMax) || undefined)
    .optional()
    .catch(undefined)

/** A place in any of the forms earlier clients send it in. */
const placeFields = {
  location: z.looseObject({}).optional().catch(undefined),
  latitude: lenientNumber,
  longitude: lenientNumber,
  accuracy: lenientNumber,
  address: lenientText(300),
}

const looseLocationSchema = z.object({
  latitude: lenientNumber,
  longitude: lenientNumber,
  accuracy: lenientNumber,
  accuracyM: lenientNumber,
  coordinates: z.tuple([z.number(), z.number()]).optional().catch(undefined),
  address: lenientText(300),
})

export const callBodySchema = z
  .looseObject({
    alertType: z.enum(sosTriggers).optional().catch(undefined),
    trigger: z.enum(sosTriggers).optional().catch(undefined),
    ...placeFields,
    message: lenientText(1000),
    name: lenientText(120),
    phone: lenientText(32),
    batteryPct: z.number().min(0).max(100).optional().catch(undefined),
    deviceInfo: z
      .looseObject({ batteryLevel: z.number().min(0).max(100).optional().catch(undefined) })
      .optional()
      .catch(undefined),
    onBehalfOf: z
      .object({ userId: lenientText(64), name: lenientText(120), phone: lenientText(32) })
      .optional()
      .catch(undefined)
      .describe('For whom somebody in the control room calls'),
  })
  .optional()
  .catch(undefined)
export type CallBody = NonNullable<z.infer<typeof callBodySchema>>

const positionFields = {
  ...placeFields,
  batteryPct: z.number().min(0).max(100).optional().catch(undefined),
}
const namesPlace = [
  (body: PlaceBody) => readPlace(body).location !== undefined,
  { message: 'latitude and longitude are needed' },
] as const

export const positionBodySchema = z.looseObject(positionFields).refine(...namesPlace)

const idField = z.union([z.string(), z.number().transform(String)]).pipe(z.string().min(1).max(128))
export const naariPositionBodySchema = z
  .looseObject({ ...positionFields, sos_id: idField.optional(), room_id: idField.optional() })
  .refine(...namesPlace)

interface PlaceBody {
  readonly location?: unknown
  readonly latitude?: number | undefined
  readonly longitude?: number | undefined
  readonly accuracy?: number | undefined
  readonly address?: string | undefined
}

export interface Place {
  readonly location: SosLocation | undefined
  readonly address: string | undefined
}

/** The place a body names, in `location` or at its top level; no location where it names none that exists. */
export function readPlace(body: PlaceBody): Place {
  const inner = looseLocationSchema.safeParse(body.location ?? {}).data
  const latitude = inner?.latitude ?? inner?.coordinates?.[1] ?? body.latitude
  const longitude = inner?.longitude ?? inner?.coordinates?.[0] ?? body.longitude
  const position = positionSchema.safeParse({ latitude, longitude })
  const accuracyM = inner?.accuracyM ?? inner?.accuracy ?? body.accuracy
  return {
    location: position.success
      ? { ...position.data, accuracyM: accuracyM !== undefined && accuracyM >= 0 ? accuracyM : undefined }
      : undefined,
    address: inner?.address ?? body.address,
  }
}

export const pinField = z
  .union([z.string(), z.number().transform(String)])
  .pipe(z.string().max(32))
  .optional()

export const noteField = z.string().trim().min(1).max(2000)
