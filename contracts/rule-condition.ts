import { z } from 'zod'
import { areaSchema } from './area.ts'
import { deviceIdSchema } from './device.ts'
import { severitySchema } from './severity.ts'

/** An IANA time zone that this machine knows. */
const timeZoneSchema = z
  .string()
  .min(1)
  .max(64)
  .refine(
    (timeZone) => {
      try {
        new Intl.DateTimeFormat('en', { timeZone })
        return true
      } catch {
        return false
      }
    },
    { message: 'not a time zone, for example Asia/Kolkata' },
  )

const clockTimeSchema = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day is HH:MM')

/** When a rule is watched; at any other time its condition counts as not met. */
export const ruleScheduleSchema = z
  .object({
    timeZone: timeZoneSchema,
    /** 0 is Sunday. A night belongs to the day it begins on. */
    days: z.array(z.int().min(0).max(6)).min(1).max(7),
    from: clockTimeSchema,
    /** Exclusive; before `from` means on the next day. */
    to: clockTimeSchema,
  })
  .refine(({ from, to }) => from !== to, { message: 'ends when it begins', path: ['to'] })
export type RuleSchedule = z.infer<typeof ruleScheduleSchema>

const scope = {
  /** One device, or every device of the kind when absent. */
  deviceId: deviceIdSchema.nullish(),
  kind: z.string().min(1).max(32),
  /** Only devices that stand in this area. */
  area: areaSchema.nullish(),
  schedule: ruleScheduleSchema.nullish(),
}
const field = z.string().min(1).max(40)
const secondsMax = 86_400
const seconds = z.number().int().min(0).max(secondsMax)
const limits = { field, raise: z.number(), clear: z.number() }

/** Beyond each of these the alert is graver; it is less grave again once the value is back by the distance of raise and clear. */
const stepsSchema = z
  .array(z.object({ raise: z.number(), severity: severitySchema }))
  .max(3)
  .optional()

/** One of several conditions on the same reading, each with a hysteresis of its own. */
const partSchema = z.object({ type: z.enum(['above', 'below']), ...limits })
export type RulePart = z.infer<typeof partSchema>
const parts = { parts: z.array(partSchema).min(2).max(8), holdS: seconds }

/** What a rule watches. Times are event time, and server time for silence. */
export const ruleConditionSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('above'), ...scope, ...limits, holdS: seconds, steps: stepsSchema }),
  z.object({ type: z.literal('below'), ...scope, ...limits, holdS: seconds, steps: stepsSchema }),
  z.object({ type: z.literal('no-data'), ...scope, afterS: seconds.min(1) }),
  z.object({ type: z.literal('frozen'), ...scope, field, afterS: seconds.min(1) }),
  /** Change per minute over the window; `raise` and `clear` are amounts, whichever the direction. */
  z.object({
    type: z.literal('rate'),
    ...scope,
    direction: z.enum(['rising', 'falling', 'either']),
    field,
    raise: z.number().positive(),
    clear: z.number().min(0),
    windowS: seconds.min(10),
    holdS: seconds,
  }),
  z.object({ type: z.literal('all'), ...scope, ...parts }),
  z.object({ type: z.literal('any'), ...scope, ...parts }),
  /** Mean over all readings of the devices in the area, over the window that ends now; one alert for all of them. */
  z.object({
    type: z.literal('area-mean'),
    kind: scope.kind,
    schedule: scope.schedule,
    area: areaSchema,
    direction: z.enum(['above', 'below']),
    ...limits,
    windowS: seconds.min(60),
    /** Fewer devices than this with a reading in the window say nothing of the area. */
    devicesMin: z.int().min(1).max(1000),
  }),
])
export type RuleCondition = z.infer<typeof ruleConditionSchema>

/** Where `deviceId` stands in an alert that is about an area; no device can have this id. */
export const areaSource = '~area'

interface Complaint {
  readonly message: string
  readonly path: (string | number)[]
}

/** What does not hold together although each value may be taken alone. */
export function complaintAbout(condition: RuleCondition): Complaint | undefined {
  switch (condition.type) {
    case 'above':
    case 'below':
      return complaintAboutLimits(condition, condition.type, []) ?? complaintAboutSteps(condition)
    case 'all':
    case 'any':
      for (const [at, part] of condition.parts.entries()) {
        const complaint = complaintAboutLimits(part, part.type, ['parts', at])
        if (complaint) return complaint
      }
      return undefined
    case 'rate':
      return complaintAboutLimits(condition, 'above', [])
    case 'area-mean':
      return complaintAboutLimits(condition, condition.direction, [])
    default:
      return undefined
  }
}

interface Limits {
  readonly raise: number
  readonly clear: number
}

function complaintAboutLimits(
  { raise, clear }: Limits,
  direction: 'above' | 'below',
  path: (string | number)[],
): Complaint | undefined {
  if (direction === 'above' ? clear <= raise : clear >= raise) return undefined
  const word = direction === 'above' ? 'below' : 'above'
  return { message: `an "${direction}" rule clears at or ${word} the value that raises it`, path: [...path, 'clear'] }
}

function complaintAboutSteps({
  type,
  raise,
  steps = [],
}: Extract<RuleCondition, { type: 'above' | 'below' }>): Complaint | undefined {
  let last = raise
  for (const [at, step] of steps.entries()) {
    if (type === 'above' ? step.raise <= last : step.raise >= last) {
      return { message: `each step lies ${type} the one before`, path: ['steps', at, 'raise'] }
    }
    last = step.raise
  }
  return undefined
}

/** Names of the fields that a condition looks at. */
export function fieldsOf(condition: RuleCondition): readonly string[] {
  if ('parts' in condition) return condition.parts.map((part) => part.field)
  return 'field' in condition ? [condition.field] : []
}
