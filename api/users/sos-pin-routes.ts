import { z } from 'zod'
import { sosPinsSchema } from '../../contracts/http/sos.ts'
import { codeField, passwordField } from '../auth/bodies.ts'
import type { AuthRouteDeps } from '../auth/routes.ts'
import { json } from '../http/answer.ts'
import { defineRoute, type Route } from '../http/route.ts'

const pinChange = codeField.nullable().optional()

/** What one's own SOS is taken back with. */
export function createSosPinRoutes({ accounts }: Pick<AuthRouteDeps, 'accounts'>): Route[] {
  const shared = { path: '/api/users/sos-pins', area: 'Accounts', access: 'profile.manage' } as const
  return [
    defineRoute({
      ...shared,
      method: 'get',
      summary: 'Which PINs one has',
      answer: { description: 'Never the PINs themselves', schema: sosPinsSchema },
      handler: async ({ principal }) => json(await accounts.hasSosPins(principal.userId)),
    }),
    defineRoute({
      ...shared,
      method: 'put',
      summary: 'Set the PINs that take an SOS back',
      description:
        'Four to eight digits each; null takes one away. With `cancelPin` an SOS is cancelled. With `duressPin` it looks cancelled, and the control room is told.',
      limit: 'sensitive',
      body: z.object({ password: passwordField.optional(), cancelPin: pinChange, duressPin: pinChange }),
      answer: { description: 'Which PINs one now has', schema: sosPinsSchema },
      faults: { 403: '`wrong-password`' },
      handler: async ({ principal, body }) => {
        await accounts.setSosPins(principal, body)
        return json(await accounts.hasSosPins(principal.userId))
      },
    }),
  ]
}
