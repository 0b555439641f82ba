import { AppError } from '../../contracts/errors.ts'
import type { AddressType } from '../../contracts/ports/messages.ts'
import type { ContactRow } from './outbox-tables.ts'
import type { Scope } from './scope.ts'

/** Somebody to be told when a person raises an SOS. */
export interface Contact {
  readonly id: string
  readonly ownerId: string
  readonly name: string
  readonly relation: string | undefined
  /** E.164. */
  readonly phone: string | undefined
  readonly email: string | undefined
  /** When whoever reads that address agreed; undefined: they are not told there. */
  readonly phoneConsentedAtMs: number | undefined
  readonly emailConsentedAtMs: number | undefined
  /** When they were last asked. */
  readonly askedAtMs: number | undefined
  readonly createdAtMs: number
}

export interface ContactInput {
  /** Of one that is there; without it, one with the same address is taken to be the same. */
  readonly id?: string | undefined
  readonly name: string
  readonly relation?: string | undefined
  readonly phone?: string | undefined
  readonly email?: string | undefined
}

/** How often consent may be asked for, within one period. It goes to people who have not asked for anything. */
export interface AskAllowance {
  readonly periodMs: number
  readonly perOwnerMax: number
  readonly perAddressMax: number
}

/**
 * Emergency contacts, in the order they are told. An address is good once whoever reads it has agreed, by a code that was
 * sent there; codes are kept as a keyed hash.
 */
export interface ContactRecords {
  /** In their order. */
  listOf(ownerId: string): Promise<readonly Contact[]>
  /**
   * Makes these the contacts. Consent stays with an address, and goes with it.
   * @throws AppError `contact-not-found`, `contact-twice`
   */
  replaceAllOf(ownerId: string, contacts: readonly ContactInput[]): Promise<readonly Contact[]>
  /**
   * Notes that a code goes to an address; an older code of that contact is void.
   * @throws AppError `contact-not-found`, `address-missing`
   */
  ask(input: {
    readonly ownerId: string
    readonly contactId: string
    readonly type: AddressType
    readonly code: string
    readonly lifetimeMs: number
    readonly allowance: AskAllowance
  }): Promise<{ readonly type: 'asked'; readonly contact: Contact } | { readonly type: 'too-many' }>
  /** Takes one try. @returns undefined when the code is wrong, old, or was tried too often */
  consent(input: {
    readonly ownerId: string
    readonly contactId: string
    readonly code: string
    readonly triesMax: number
  }): Promise<Contact | undefined>
  deleteAllOf(ownerId: string): Promise<void>
}

export function createContactRecords(scope: Scope): ContactRecords {
  const { keys, atomically } = scope
  const hashOf = (contactId: string, code: string) => keys.stamp('one-time-code', `contact\n${contactId}\n${code}`)
  return {
    async listOf(ownerId) {
      return (await readRows(scope, ownerId)).map(toContact)
    },
    replaceAllOf: (ownerId, contacts) =>
      atomically(async (inner) => {
        const before = await readRows(inner, ownerId)
        const rows = contacts.map((input, place) => merge(inner, { ownerId, place, input, before }))
        assertOnce(rows)
        await inner.db.deleteFrom('contacts').where('owner_id', '=', ownerId).execute()
        if (rows.length > 0) await inner.db.insertInto('contacts').values(rows).execute()
        return rows.map(toContact)
      }),
    ask: ({ ownerId, contactId, type, code, lifetimeMs, allowance }) =>
      atomically(async (inner) => {
        const row = await findRow(inner, { ownerId, contactId })
        const address = type === 'phone' ? row.phone : row.email
        if (address === null) throw new AppError('conflict', 'address-missing', `this contact has no ${type}`)
        if (await isTooMany(inner, { ownerId, address, allowance })) return { type: 'too-many' }
        const atMs = inner.now()
        await inner.db
          .insertInto('contact_asks')
          .values({ id: inner.makeId(), owner_id: ownerId, address, asked_at_ms: atMs })
          .execute()
        const asked = await inner.db
          .updateTable('contacts')
          .set({
            code_for: type,
            code_hash: hashOf(contactId, code),
            code_expires_at_ms: atMs + lifetimeMs,
            code_tries: 0,
            asked_at_ms: atMs,
          })
          .where('id', '=', contactId)
          .returningAll()
          .executeTakeFirstOrThrow()
        return { type: 'asked', contact: toContact(asked) }
      }),
    consent: ({ ownerId, contactId, code, triesMax }) =>
      atomically(async (inner) => {
        const row = await findRow(inner, { ownerId, contactId })
        const isOpen = (row.code_expires_at_ms ?? 0) > inner.now() && row.code_tries < triesMax
        if (!isOpen || row.code_hash !== hashOf(contactId, code)) {
          await inner.db
            .updateTable('contacts')
            .set((eb) => ({ code_tries: eb('code_tries', '+', 1) }))
            .where('id', '=', contactId)
            .execute()
          return undefined
        }
        const column = row.code_for === 'email' ? 'email_consented_at_ms' : 'phone_consented_at_ms'
        const agreed = await inner.db
          .updateTable('contacts')
          .set({ [column]: inner.now(), code_hash: null, code_for: null, code_expires_at_ms: null })
          .where('id', '=', contactId)
          .returningAll()
          .executeTakeFirstOrThrow()
        return toContact(agreed)
      }),
    async deleteAllOf(ownerId) {
      await scope.db.deleteFrom('contacts').where('owner_id', '=', ownerId).execute()
      await scope.db.deleteFrom('contact_asks').where('owner_id', '=', ownerId).execute()
    },
  }
}

function readRows({ db }: Scope, ownerId: string): Promise<ContactRow[]> {
  return db.selectFrom('contacts').selectAll().where('owner_id', '=', ownerId).orderBy('place').execute()
}

async function findRow(
  { db }: Scope,
  { ownerId, contactId }: { readonly ownerId: string; readonly contactId: string },
): Promise<ContactRow> {
  const row = await db
    .selectFrom('contacts')
    .selectAll()
    .where('id', '=', contactId)
    .where('owner_id', '=', ownerId)
    .executeTakeFirst()
  if (!row) throw notFound(contactId)
  return row
}

const notFound = (contactId: string) =>
  new AppError('not-found', 'contact-not-found', `you have no contact ${contactId}`)

interface Merge {
  readonly ownerId: string
  readonly place: number
  readonly input: ContactInput
  readonly before: readonly ContactRow[]
}

function merge({ makeId, now }: Scope, { ownerId, place, input, before }: Merge): ContactRow {
  const { id, name, relation, phone = null, email = null } = input
  const old =
    id === undefined
      ? before.find((row) => (phone !== null && row.phone === phone) || (email !== null && row.email === email))
      : before.find((row) => row.id === id)
  if (id !== undefined && old === undefined) throw notFound(id)
  const samePhone = old !== undefined && old.phone === phone
  const sameEmail = old !== undefined && old.email === email
  const keepsCode = old?.code_for === 'email' ? sameEmail : samePhone
  return {
    id: old?.id ?? makeId(),
    owner_id: ownerId,
    place,
    name,
    relation: relation ?? null,
    phone,
    email,
    phone_consented_at_ms: samePhone ? old.phone_consented_at_ms : null,
    email_consented_at_ms: sameEmail ? old.email_consented_at_ms : null,
    code_for: keepsCode ? (old?.code_for ?? null) : null,
    code_hash: keepsCode ? (old?.code_hash ?? null) : null,
    code_expires_at_ms: keepsCode ? (old?.code_expires_at_ms ?? null) : null,
    code_tries: keepsCode ? (old?.code_tries ?? 0) : 0,
    // Asked is who reads the address that is asked first.
    asked_at_ms: (phone === null ? sameEmail : samePhone) ? (old?.asked_at_ms ?? null) : null,
    created_at_ms: old?.created_at_ms ?? now(),
  }
}

/** Nobody is told of one SOS twice. */
function assertOnce(rows: readonly ContactRow[]): void {
  for (const field of ['id', 'phone', 'email'] as const) {
    const values = rows.map((row) => row[field]).filter((value) => value !== null)
    if (new Set(values).size === values.length) continue
    throw new AppError('invalid', 'contact-twice', `two contacts have the same ${field}`)
  }
}

async function isTooMany(
  { db, now }: Scope,
  {
    ownerId,
    address,
    allowance,
  }: { readonly ownerId: string; readonly address: string; readonly allowance: AskAllowance },
): Promise<boolean> {
  const sinceMs = now() - allowance.periodMs
  const { byOwner, toAddress } = await db
    .selectFrom('contact_asks')
    .select((eb) => [
      eb.fn.countAll().filterWhere('owner_id', '=', ownerId).as('byOwner'),
      eb.fn.countAll().filterWhere('address', '=', address).as('toAddress'),
    ])
    .where('asked_at_ms', '>', sinceMs)
    .where((eb) => eb.or([eb('owner_id', '=', ownerId), eb('address', '=', address)]))
    .executeTakeFirstOrThrow()
  return Number(byOwner) >= allowance.perOwnerMax || Number(toAddress) >= allowance.perAddressMax
}

function toContact(row: ContactRow): Contact {
  return {
    id: row.id,
    ownerId: row.owner_id,
    name: row.name,
    relation: row.relation ?? undefined,
    phone: row.phone ?? undefined,
    email: row.email ?? undefined,
    phoneConsentedAtMs: row.phone_consented_at_ms ?? undefined,
    emailConsentedAtMs: row.email_consented_at_ms ?? undefined,
    askedAtMs: row.asked_at_ms ?? undefined,
    createdAtMs: row.created_at_ms,
  }
}
