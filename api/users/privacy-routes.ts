import { z } from 'zod'
import { personalDataSchema } from '../../contracts/http/account.ts'
import { codeField, passwordField } from '../auth/bodies.ts'
import { presentProfile } from '../auth/present-user.ts'
import type { AuthRouteDeps } from '../auth/routes.ts'
import { empty, json } from '../http/answer.ts'
import { toTime } from '../http/inputs.ts'
import { defineRoute, type Route } from '../http/route.ts'
import { presentPersonalSos } from '../sos/present-sos.ts'
import { presentContact } from './present-contact.ts'

/** What is kept about oneself, to take along or to have erased. */
export function createPrivacyRoutes(deps: AuthRouteDeps): Route[] {
  const { accounts } = deps
  return [
    defineRoute({
      method: 'get',
      path: '/api/users/export',
      area: 'Accounts',
      summary: 'Everything that is kept about oneself',
      description:
        'At most 10,000 rows of each kind, newest first. Passwords, tokens and codes are kept as hashes, and are not in it.',
      access: 'profile.manage',
      limit: 'sensitive',
      answer: { description: 'To be saved as a file', schema: personalDataSchema },
      handler: async ({ principal }) => {
        const { profile, sessions, devices, contacts, sos, auditTrail } = await accounts.exportData(principal)
        const body = {
          profile: await presentProfile(profile, deps),
          sessions: sessions.map(({ id, clientAddress, userAgent, createdAtMs, usedAtMs }) => ({
            id,
            clientAddress: clientAddress ?? null,
            userAgent: userAgent ?? null,
            createdAt: toTime(createdAtMs),
            lastUsedAt: toTime(usedAtMs),
          })),
          devices: devices.map(({ id, name, kinds, position, labels, createdAtMs }) => ({
            id,
            name,
            kinds: [...kinds],
            position: position ?? null,
            labels: { ...labels },
            createdAt: toTime(createdAtMs),
          })),
          emergencyContacts: contacts.map((contact) => presentContact(contact, accounts)),
          sos: sos.map((kept) => presentPersonalSos(kept)),
          auditTrail: auditTrail.map(({ atMs, actor, action, subject, detail }) => ({
            at: toTime(atMs),
            actor,
            action,
            subject: subject ?? null,
            detail: { ...detail },
          })),
        }
        return json(body, { headers: { 'Content-Disposition': 'attachment; filename="prahari-my-data.json"' } })
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/api/users/me',
      area: 'Accounts',
      summary: 'Erase one’s own account',
      description:
        'Name, addresses, settings, sessions and second factor are gone for good, and devices are nobody’s. SOS and the audit trail keep an id that leads to nobody. Confirmed with the password, or by who has none with a code from `POST /api/auth/otp`.',
      access: 'profile.manage',
      limit: 'sensitive',
      body: z.object({ password: passwordField.optional(), code: codeField.optional() }).optional(),
      answer: { status: 204, description: 'Erased' },
      faults: { 403: '`wrong-password`', 409: 'Somebody else has to be administrator first' },
      handler: async ({ principal, body, client }) => {
        await accounts.erase(principal, { ...body, ...client })
        return empty()
      },
    }),
  ]
}
