import { z } from 'zod'

const flag = z.boolean().default(false)

/** What a person needs to be able to use the apps. */
export const accessibilitySettingsSchema = z.object({
  voiceNavigation: flag,
  vibrationAlerts: flag,
  tapPatternSOS: flag,
  largeIconsMode: flag,
  screenReader: flag,
  highContrast: flag,
  reducedMotion: flag,
})

/** What an app keeps for its user. The names are the app's; only their number and size are ours to bound. */
const freeSettingsSchema = z
  .record(z.string().min(1).max(60), z.union([z.string().max(200), z.number(), z.boolean(), z.null()]))
  .refine((settings) => Object.keys(settings).length <= 50, 'at most 50 settings')

/** The groups of settings that a person changes for themselves. */
export const accountSettingsSchema = z.object({
  accessibilitySettings: accessibilitySettingsSchema.default(accessibilitySettingsSchema.parse({})),
  locationSettings: freeSettingsSchema.default({}),
  preferences: freeSettingsSchema.default({}),
})
export type AccountSettings = z.infer<typeof accountSettingsSchema>

/** A group that is named is changed as far as its fields are named. */
export const accountSettingsChangeSchema = z.object({
  accessibilitySettings: z
    .object({
      voiceNavigation: z.boolean(),
      vibrationAlerts: z.boolean(),
      tapPatternSOS: z.boolean(),
      largeIconsMode: z.boolean(),
      screenReader: z.boolean(),
      highContrast: z.boolean(),
      reducedMotion: z.boolean(),
    })
    .partial()
    .optional(),
  locationSettings: freeSettingsSchema.optional(),
  preferences: freeSettingsSchema.optional(),
})
export type AccountSettingsChange = z.infer<typeof accountSettingsChangeSchema>
