import { z } from 'zod'
import { alertNoteActions, alertStates } from '../alert.ts'
import { ruleConditionSchema } from '../rule-condition.ts'
import { severitySchema } from '../severity.ts'
import { timeSchema } from './common.ts'

export const alertResourceSchema = z
  .strictObject({
    id: z.string(),
    ruleId: z.string(),
    ruleName: z.string(),
    deviceId: z.string(),
    kind: z.string(),
    severity: severitySchema,
    state: z.enum(alertStates),
    message: z.string(),
    value: z.number().nullable().describe('The value that raised it; null for silence'),
    raisedAt: timeSchema,
    acknowledgedAt: timeSchema.nullable(),
    acknowledgedBy: z.string().nullable(),
    resolvedAt: timeSchema.nullable(),
    resolvedBy: z.string().nullable().describe('`rule` when the condition cleared by itself, else the id of a user'),
    assignedTo: z.string().nullable(),
    silenceEndsAt: timeSchema.nullable().describe('Quiet until then: shown, and nobody is called'),
    silenceId: z.string().nullable(),
    inhibitedBy: z.string().nullable().describe('The open alert that makes this one quiet'),
    escalatedAt: timeSchema.nullable().describe('When it was told again because nobody had acknowledged it'),
    stormId: z.string().nullable(),
    updatedAt: timeSchema,
  })
  .meta({ id: 'Alert' })
export type AlertResource = z.infer<typeof alertResourceSchema>

const alertNoteSchema = z
  .strictObject({
    at: timeSchema,
    by: z.string(),
    action: z.enum(alertNoteActions),
    text: z.string().nullable(),
  })
  .meta({ id: 'AlertNote' })
export type AlertNoteResource = z.infer<typeof alertNoteSchema>

export const alertDetailSchema = z
  .strictObject({ ...alertResourceSchema.shape, notes: z.array(alertNoteSchema) })
  .meta({ id: 'AlertDetail' })

export const ruleResourceSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    severity: severitySchema,
    enabled: z.boolean(),
    condition: ruleConditionSchema,
    escalateAfterMin: z.number().nullable(),
    inhibits: z.array(z.string()),
    builtIn: z.boolean().describe("From a kind's descriptor: may be changed or switched off, not deleted"),
    updatedAt: timeSchema,
  })
  .meta({ id: 'AlertRule' })
export type RuleResource = z.infer<typeof ruleResourceSchema>

/** A device or an area, from when to when a rule would have had an alert open. */
export const ruleReplayResourceSchema = z
  .strictObject({
    alerts: z
      .array(
        z.strictObject({
          deviceId: z.string().describe('`~area` when it is about an area'),
          raisedAt: timeSchema,
          clearedAt: timeSchema.nullable().describe('Null when it was still open at the end'),
          peak: z.number().nullable(),
          severity: severitySchema,
        }),
      )
      .describe('In the order they were raised; the first 500'),
    alertCount: z.int(),
    deviceCount: z.int().describe('Devices with a reading in the period'),
    readingCount: z.int(),
    replayedTo: timeSchema,
    isCutShort: z.boolean().describe('True when there was too much to read; `replayedTo` says how far it went'),
  })
  .meta({ id: 'RuleReplay' })
export type RuleReplayResource = z.infer<typeof ruleReplayResourceSchema>
