import { z } from 'zod'
import { sharedSosSchema, sosEvidenceListSchema, sosEvidenceSchema, sosShareSchema } from '../../contracts/http/sos.ts'
import { isOpenSos } from '../../contracts/sos.ts'
import { toOwnersCase } from '../../contracts/sos-owner-view.ts'
import { evidenceMediaTypes } from '../../safety/index.ts'
import { content, empty, json } from '../http/answer.ts'
import { idParamsSchema, toTime } from '../http/inputs.ts'
import { defineRoute, type Route } from '../http/route.ts'
import { presentEvidence, presentLocation, presentPosition } from './present-sos.ts'
import { createVisibleSos, evidenceShown, type SosRouteDeps } from './visible-sos.ts'

const dayS = 86_400
const mediaTypes = Object.keys(evidenceMediaTypes)
const unknownSos = { 404: 'There is no such SOS, or it is somebody else’s' }
const evidenceParamsSchema = idParamsSchema.extend({ evidenceId: idParamsSchema.shape.id })
const shareParamsSchema = idParamsSchema.extend({ shareId: idParamsSchema.shape.id })
const sharedTrailMax = 100

/** What was recorded of an SOS, and links for people without an account. */
export function createSosEvidenceRoutes(deps: SosRouteDeps): Route[] {
  const { sosDesk, records } = deps
  const visible = createVisibleSos(deps)
  return [
    defineRoute({
      method: 'post',
      path: '/api/sos/:id/evidence',
      area: 'SOS',
      summary: 'Add a photo or a recording',
      description: 'The file itself is the body. At most 50 MiB, 50 of an SOS; kept with its SHA-256.',
      access: 'sos.report',
      narrowsToOwn: true,
      limit: 'sensitive-unless-signed-in',
      params: idParamsSchema,
      acceptsFile: mediaTypes,
      answer: { status: 201, description: 'Kept', schema: sosEvidenceSchema },
      faults: { ...unknownSos, 409: 'There are fifty already', 413: 'The file is too large' },
      handler: async ({ params, file, principal, reach }) => {
        const { id } = await visible.find(params.id, { principal, reach })
        const evidence = await sosDesk.addEvidence({ sosId: id, by: principal.userId, ...file! })
        return json(presentEvidence(evidence))
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/sos/:id/evidence',
      area: 'SOS',
      summary: 'What was recorded, oldest first',
      access: 'sos.read',
      narrowsToOwn: true,
      params: idParamsSchema,
      answer: { description: 'All of it', schema: sosEvidenceListSchema },
      faults: unknownSos,
      handler: async ({ params, principal, reach }) => {
        const sos = await visible.find(params.id, { principal, reach })
        const evidence = await sosDesk.evidenceOf(sos.id)
        const shown = sos.ownerId === principal.userId ? evidenceShown(evidence, sos) : evidence
        return json({ items: shown.map(presentEvidence) })
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/sos/:id/evidence/:evidenceId',
      area: 'SOS',
      summary: 'A photo or a recording',
      description: 'That it was looked at, and by whom, is kept.',
      access: 'sos.read',
      narrowsToOwn: true,
      params: evidenceParamsSchema,
      answer: { description: 'The file', media: mediaTypes },
      faults: unknownSos,
      handler: async ({ params, principal, reach }) => {
        const { id } = await visible.find(params.id, { principal, reach })
        const by = principal.userId
        const { evidence, content: body } = await sosDesk.openEvidence({ sosId: id, evidenceId: params.evidenceId, by })
        const { mediaType, sha256, bytes } = evidence
        const headers = { 'Content-Length': String(bytes), 'X-Content-SHA256': sha256 }
        const fileName = `${evidence.id}.${mediaType.split('/')[1]}`
        return content({ mediaType, body, fileName, headers })
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/sos/:id/share',
      area: 'SOS',
      summary: 'Make a link that shows this SOS and nothing else',
      access: 'sos.report',
      narrowsToOwn: true,
      limit: 'sensitive-unless-signed-in',
      params: idParamsSchema,
      body: z
        .object({
          expiresInS: z
            .int()
            .min(60)
            .max(7 * dayS)
            .default(dayS),
        })
        .optional(),
      answer: { status: 201, description: 'The link; its token is shown once', schema: sosShareSchema },
      faults: { ...unknownSos, 409: 'Twenty links are open already' },
      handler: async ({ params, body, principal, reach }) => {
        const { id } = await visible.find(params.id, { principal, reach })
        const expiresInS = body?.expiresInS ?? dayS
        const { share, token } = await sosDesk.share({ sosId: id, by: principal.userId, expiresInS })
        return json({ id: share.id, token, path: `/api/share/${token}`, expiresAt: toTime(share.expiresAtMs) })
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/api/sos/:id/share/:shareId',
      area: 'SOS',
      summary: 'Take a link back',
      access: 'sos.report',
      narrowsToOwn: true,
      params: shareParamsSchema,
      answer: { status: 204, description: 'It shows nothing any more' },
      faults: { 404: 'There is no such SOS or link' },
      handler: async ({ params, principal, reach }) => {
        const { id } = await visible.find(params.id, { principal, reach })
        await sosDesk.revokeShare({ sosId: id, shareId: params.shareId, by: principal.userId })
        return empty()
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/share/:token',
      area: 'SOS',
      summary: 'What a link shows',
      description: 'As its owner is shown it. Where the person is, only while it is open.',
      access: 'anyone',
      params: z.strictObject({ token: z.string().min(1).max(128) }),
      answer: { description: 'The SOS', schema: sharedSosSchema },
      faults: { 404: 'There is no such link, or it has ended' },
      handler: async ({ params }) => {
        const { share, sos } = await sosDesk.openShare(params.token)
        const shown = toOwnersCase({ sos, timeline: [], trail: await sosDesk.trail(sos.id) })
        const isOpen = isOpenSos(shown.sos)
        if (isOpen && shown.sos.location !== undefined) {
          const subject = `sos:${sos.id}`
          await records.audit.append({ actor: `share:${share.id}`, action: 'sos-location-viewed', subject })
        }
        const { personName, state, severity, receivedAtMs, lastSeenAtMs } = shown.sos
        return json({
          name: personName ?? null,
          state,
          severity,
          triggeredAt: toTime(receivedAtMs),
          location: isOpen ? presentLocation(shown.sos) : null,
          trail: isOpen ? shown.trail.slice(-sharedTrailMax).map(presentPosition) : [],
          lastSeenAt: toTime(lastSeenAtMs),
          expiresAt: toTime(share.expiresAtMs),
        })
      },
    }),
  ]
}
