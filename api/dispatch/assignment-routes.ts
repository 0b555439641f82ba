import { z } from 'zod'
import { owns } from '../../contracts/access.ts'
import { type CaseRef, capabilitySchema, caseTypes, unitNumberSchema } from '../../contracts/dispatch.ts'
import { AppError } from '../../contracts/errors.ts'
import { pageOf } from '../../contracts/http/common.ts'
import {
  assignmentListSchema,
  assignmentResourceSchema,
  officerAssignmentSchema,
  ownAssignmentsSchema,
  recommendationSchema,
} from '../../contracts/http/dispatch.ts'
import type { DispatchDesk } from '../../safety/index.ts'
import type { ApiDeps } from '../deps.ts'
import { notFound } from '../errors.ts'
import { json } from '../http/answer.ts'
import { flagSchema, idParamsSchema, limitSchema, listOf } from '../http/inputs.ts'
import { presentPage, recordCursorSchema } from '../http/pages.ts'
import { defineRoute, type Route } from '../http/route.ts'
import { presentAssignment, presentUnit } from './present-dispatch.ts'

type View = Awaited<ReturnType<DispatchDesk['openFor']>>[number]

const idSchema = z.string().min(1).max(128)

/** A unit by its id or by its number, in either spelling. */
const unitNameFields = {
  unitId: idSchema.optional(),
  unit_id: idSchema.optional(),
  unitNumber: z.union([unitNumberSchema, z.number().transform(String)]).optional(),
  unit_number: z.union([unitNumberSchema, z.number().transform(String)]).optional(),
}

/** @throws AppError `unit-required` */
function toUnitName(body: {
  readonly unitId?: string | undefined
  readonly unit_id?: string | undefined
  readonly unitNumber?: string | undefined
  readonly unit_number?: string | undefined
}) {
  const unitId = body.unitId ?? body.unit_id
  if (unitId !== undefined) return { unitId }
  const unitNumber = body.unitNumber ?? body.unit_number
  if (unitNumber === undefined) throw new AppError('invalid', 'unit-required', 'unitId or unitNumber is needed')
  return { unitNumber }
}

const assignBodySchema = z.object(unitNameFields)

const listQuerySchema = z
  .strictObject({
    caseType: z.enum(caseTypes).optional(),
    caseId: idSchema.optional(),
    unitNumber: unitNumberSchema.optional(),
    open: flagSchema.optional().describe('Only those that bind their unit'),
    limit: limitSchema,
    cursor: recordCursorSchema.optional(),
  })
  .refine(({ caseType, caseId }) => (caseType === undefined) === (caseId === undefined), {
    message: 'caseType and caseId go together',
  })

const needsQuerySchema = z.strictObject({
  needs: listOf(capabilitySchema, 20).optional().describe('Capabilities the unit must have'),
})

const reasonBodySchema = z.strictObject({ reason: z.string().trim().min(1).max(500).optional() }).optional()

export const refusals = {
  404: 'There is no such case, or no such unit',
  409: '`unit-committed` names the case that has it; `unit-not-available`; `case-closed`',
}

const stepFaults = {
  404: 'There is no such assignment',
  409: '`assignment-illegal-transition` names both states',
}

/** Which units were given to which case, and what they answer. */
export function createAssignmentRoutes({ dispatchDesk, now }: Pick<ApiDeps, 'dispatchDesk' | 'now'>): Route[] {
  const area = 'Dispatch'
  const cases = [
    { caseType: 'sos', path: '/api/sos/:id' },
    { caseType: 'incident', path: '/api/emergency/incidents/:id' },
  ] as const

  return [
    ...cases.flatMap(({ caseType, path }) => {
      const refOf = ({ id }: { readonly id: string }): CaseRef => ({ caseType, caseId: id })
      return [
        defineRoute({
          method: 'get',
          path: `${path}/recommendation`,
          area,
          summary: 'Which units to send, nearest first, and why not the others',
          access: 'dispatch.assign',
          params: idParamsSchema,
          query: needsQuerySchema,
          answer: { description: 'Units in order, and every reason against the rest', schema: recommendationSchema },
          faults: { 404: 'There is no such case', 409: 'The case is closed' },
          handler: async ({ params, query }) => json(await presentRecommendation(refOf(params), query.needs)),
        }),
        defineRoute({
          method: 'get',
          path: `${path}/assignments`,
          area,
          summary: 'Which units were given to it, oldest first',
          access: 'assignments.read',
          params: idParamsSchema,
          answer: { description: 'The newest thousand', schema: assignmentListSchema },
          handler: async ({ params }) =>
            json({ items: (await dispatchDesk.ofCase(refOf(params))).map(presentAssignment) }),
        }),
        defineRoute({
          method: 'post',
          path: `${path}/assign`,
          area,
          summary: 'Send a unit',
          description: 'However many ask for a unit at the same instant, one gets it.',
          access: 'dispatch.assign',
          params: idParamsSchema,
          body: assignBodySchema,
          answer: { status: 201, description: 'The assignment', schema: assignmentResourceSchema },
          faults: refusals,
          handler: async ({ params, body, principal }) => {
            const unit = toUnitName(body)
            return json(
              presentAssignment(await dispatchDesk.assign({ case: refOf(params), unit, by: principal.userId })),
            )
          },
        }),
      ]
    }),
    defineRoute({
      method: 'post',
      path: '/api/assign-officer/',
      area: 'Earlier clients',
      faultShape: 'naari-kavach',
      summary: 'Send the unit of this number to an SOS',
      access: 'dispatch.assign',
      body: z.object({
        sos_id: z.union([idSchema, z.number().transform(String)]),
        unit_number: z.union([unitNumberSchema, z.number().transform(String)]),
      }),
      answer: { status: 201, description: 'The assignment', schema: officerAssignmentSchema },
      faults: refusals,
      handler: async ({ body, principal }) => {
        const ref = { caseType: 'sos', caseId: body.sos_id } as const
        const unit = { unitNumber: body.unit_number }
        const shown = presentAssignment(await dispatchDesk.assign({ case: ref, unit, by: principal.userId }))
        return json({
          ...shown,
          sos_id: shown.caseId,
          unit_number: shown.unitNumber,
          status: shown.state,
          assigned_at: shown.assignedAt,
        })
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/assignments',
      area,
      summary: 'Assignments, newest first',
      access: 'assignments.read',
      query: listQuerySchema,
      answer: { description: 'A page of assignments', schema: pageOf(assignmentResourceSchema) },
      handler: async ({ query: { caseType, caseId, open: isOpen, ...rest } }) => {
        const ref = caseType && caseId ? { caseType, caseId } : undefined
        return json(presentPage(await dispatchDesk.list({ ...rest, isOpen, case: ref }), presentAssignment))
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/me/assignments',
      area,
      summary: "What one's own unit has to do now",
      description: 'With what it has to know of the case. That it was looked at is noted, the first time.',
      access: 'assignments.answer',
      narrowsToOwn: true,
      answer: { description: 'Open assignments of the unit of the account', schema: ownAssignmentsSchema },
      handler: async ({ principal: { userId, unitNumber } }) => {
        if (unitNumber === undefined) return json({ unitNumber: null, items: [] })
        const views = await dispatchDesk.openFor({ unitNumber, by: userId })
        return json({ unitNumber, items: views.map(presentView) })
      },
    }),
    ...(
      [
        ['confirm', 'confirm', 'Say that the unit goes'],
        ['decline', 'decline', 'Say that the unit does not go, and why'],
        ['en-route', 'set-out', 'Say that the unit is on its way'],
        ['on-scene', 'arrive', 'Say that the unit is there'],
        ['complete', 'complete', 'Say that the unit has finished'],
      ] as const
    ).map(([word, type, summary]) =>
      defineRoute({
        method: 'post',
        path: `/api/assignments/:id/${word}`,
        area,
        summary,
        description: 'Said twice, it is said once. Officers speak for their own unit.',
        access: 'assignments.answer',
        narrowsToOwn: true,
        params: idParamsSchema,
        body: reasonBodySchema,
        answer: { description: 'The assignment', schema: assignmentResourceSchema },
        faults: stepFaults,
        handler: async ({ params, body, principal, reach }) => {
          const { unitNumber } = await dispatchDesk.get(params.id)
          if (reach === 'own' && !owns(principal, { unitNumber })) throw notFound('assignment')
          const step = { type, by: principal.userId, reason: body?.reason }
          return json(presentAssignment(await dispatchDesk.step({ assignmentId: params.id, step })))
        },
      }),
    ),
    defineRoute({
      method: 'post',
      path: '/api/assignments/:id/release',
      area,
      summary: 'Take the unit away from the case again',
      access: 'dispatch.assign',
      params: idParamsSchema,
      body: reasonBodySchema,
      answer: { description: 'The assignment', schema: assignmentResourceSchema },
      faults: stepFaults,
      handler: async ({ params, body, principal }) => {
        const step = { type: 'release', by: principal.userId, reason: body?.reason } as const
        return json(presentAssignment(await dispatchDesk.step({ assignmentId: params.id, step })))
      },
    }),
  ]

  async function presentRecommendation(ref: CaseRef, needs: readonly string[] | undefined) {
    const { candidates, excluded } = await dispatchDesk.recommend({ case: ref, ...(needs && { needs }) })
    const nowMs = now()
    return {
      candidates: candidates.map(({ unit, distanceM, positionAgeMs }) => ({
        unit: presentUnit(unit, nowMs),
        distanceM: distanceM === undefined ? null : Math.round(distanceM),
        positionAgeS: Math.round(positionAgeMs / 1000),
      })),
      excluded: excluded.map(({ unit, reasons }) => ({
        unit: presentUnit(unit, nowMs),
        reasons: reasons.map(({ code, text }) => ({ code, text })),
      })),
    }
  }
}

function presentView({ assignment, case: found }: View) {
  return {
    assignment: presentAssignment(assignment),
    case: found
      ? {
          title: found.title,
          severity: found.severity,
          position: found.position ?? null,
          address: found.address ?? null,
          description: found.description ?? null,
          personName: found.person?.name ?? null,
          personPhone: found.person?.phone ?? null,
        }
      : null,
  }
}
