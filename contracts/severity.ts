import { z } from 'zod'

/** Shared by alerts, rules and incidents, lowest first. */
export const severities = ['low', 'medium', 'high', 'critical'] as const
export const severitySchema = z.enum(severities)
export type Severity = z.infer<typeof severitySchema>
