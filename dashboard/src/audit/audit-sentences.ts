import { type Role, roles } from '../../../contracts/roles.ts'
import { roleWords } from '../users/role-words.ts'

/** A line of the audit as far as a sentence needs it. */
export interface SaidEntry {
  readonly actor: string
  readonly action: string
  readonly subject?: string | undefined
  readonly detail: Readonly<Record<string, unknown>>
}

/** A piece of a sentence: words, or somebody or something that has a name and perhaps a page. */
export type Part = string | Reference

export interface Reference {
  /** Before the colon of a subject: `user`, `device`; `user` too for an actor without one. */
  readonly noun: string
  readonly id: string
}

/** Who did it, and what it was done to, in their place in a sentence. */
const actor = Symbol('actor')
const subject = Symbol('subject')
type Slot = typeof actor | typeof subject
type Template = readonly (string | Slot)[]

function say(words: TemplateStringsArray, ...values: readonly (string | number | Slot)[]): Template {
  return words.flatMap((text, at) => {
    const value = values[at]
    return value === undefined ? [text] : [text, typeof value === 'number' ? String(value) : value]
  })
}

type Detail = SaidEntry['detail']

/** Every action that is written down, as a sentence. One that is not here is shown under its own name. */
export const sentences: Readonly<Record<string, (detail: Detail, about: string | undefined) => Template>> = {
  'user-created': (d) => say`${actor} made an account for ${subject} as ${role(d.role)}`,
  'user-signed-in': (d) => say`${actor} signed in${signInWords(d.method)}`,
  'sign-in-failed': (d, about) => [
    ...(about === undefined ? say`${actor} failed to sign in` : say`${actor} failed to sign in as ${subject}`),
    typeof d.repeats === 'number' && d.repeats > 0 ? `, the last of ${d.repeats + 1} tries` : '',
  ],
  'session-ended': () => say`${actor} ended ${subject}`,
  'other-sessions-ended': () => say`${actor} ended all their other sessions`,
  'refresh-token-reused': () => say`A token of ${actor} was used twice, and ${subject} was ended`,
  'profile-changed': (d) => say`${actor} changed ${list(d.fields, 'something')} of their profile`,
  'email-verified': (d) => say`${actor} verified their ${d.isNew === true ? 'new ' : ''}e-mail address`,
  'phone-verified': (d) => say`${actor} verified their ${d.isNew === true ? 'new ' : ''}phone number`,
  'phone-claim-ended': () => say`${subject} lost a phone number that somebody else proved to be theirs`,
  'user-changed': (d) => say`${actor} changed ${list(d.fields, 'something')} of ${subject}`,
  'user-role-changed': (d) => say`${actor} changed the role of ${subject} ${fromTo(d)}`,
  'user-banned': () => say`${actor} banned ${subject}`,
  'user-unbanned': () => say`${actor} lifted the ban of ${subject}`,
  'user-sessions-ended': () => say`${actor} ended all sessions of ${subject}`,
  'user-password-changed': () => say`${actor} changed the password of ${subject}`,
  'user-password-reset': () => say`${actor} chose another password with a code that was sent to them`,
  'user-erased': () => say`${actor} erased the account ${subject}`,
  'second-factor-added': () => say`${actor} added a second factor`,
  'second-factor-removed': () => say`${actor} removed the second factor of ${subject}`,
  'personal-data-exported': () => say`${actor} took a copy of their data`,
  'device-registered': () => say`${actor} registered ${subject}`,
  'devices-registered': (d) => say`${actor} imported devices: ${count(d.created)} registered, ${count(d.failed)} not`,
  'device-enrolled': () => say`${subject} enrolled itself with ${actor}`,
  'device-changed': (d) => say`${actor} changed ${list(d.fields, 'something')} of ${subject}`,
  'device-deleted': () => say`${actor} forgot ${subject}`,
  'device-credentials-rotated': () => say`${actor} gave ${subject} a new secret`,
  'device-revoked': () => say`${actor} shut out ${subject}`,
  'device-decommissioned': () => say`${actor} took ${subject} out of service for good`,
  'device-location-viewed': () => say`${actor} looked at where ${subject} is`,
  'command-queued': (d) => say`${actor} sent ${subject} the command “${text(d.name)}”`,
  'provisioning-key-created': (d) =>
    say`${actor} made the provisioning key “${text(d.name)}” for ${count(d.quota)} devices`,
  'provisioning-key-revoked': () => say`${actor} revoked ${subject}`,
  'rule-created': (d) => say`${actor} made the rule “${text(d.name)}”`,
  'rule-changed': (d) => say`${actor} changed the rule “${text((d.after as Detail | undefined)?.name)}”`,
  'rule-deleted': () => say`${actor} deleted ${subject}`,
  'alert-acknowledged': () => say`${actor} acknowledged ${subject}`,
  'alert-assigned': () => say`${actor} said who looks after ${subject}`,
  'alert-commented': () => say`${actor} wrote something about ${subject}`,
  'alert-resolved': () => say`${actor} resolved ${subject}`,
  'alert-escalated': () => say`${subject} was escalated`,
  'alerts-silenced': () => say`${actor} silenced ${subject}`,
  'silence-ended': () => say`${actor} ended ${subject}`,
  'contacts-changed': () => say`${actor} changed the emergency contacts of ${subject}`,
  'contact-consented': () => say`${actor} entered the code with which a contact agreed`,
  'sos-pins-changed': () => say`${actor} changed their SOS PINs`,
  'sos-cancelled': () => say`${actor} cancelled ${subject}`,
  'sos-acknowledged': () => say`${actor} acknowledged ${subject}`,
  'sos-dispatched': () => say`${actor} sent help to ${subject}`,
  'sos-on-scene': () => say`${actor} reported help on the scene of ${subject}`,
  'sos-merged': () => say`${actor} merged ${subject} into another`,
  'sos-evidence-viewed': () => say`${actor} opened evidence of ${subject}`,
  'evidence-added': () => say`${actor} added evidence to ${subject}`,
  'evidence-viewed': () => say`${actor} opened evidence of ${subject}`,
  'unit-created': () => say`${actor} added ${subject}`,
  'unit-changed': (d) => say`${actor} changed ${list(d.fields, 'something')} of ${subject}`,
  'unit-deleted': () => say`${actor} deleted ${subject}`,
  'unit-state-set': () => say`${actor} changed the state of ${subject}`,
  'unit-assigned': () => say`${actor} sent a unit to ${subject}`,
  'assignment-viewed': () => say`${actor} looked at what their unit was sent to, ${subject}`,
  'incident-reported': () => say`${actor} reported ${subject}`,
  'broadcast-sent': () => say`${actor} sent ${subject} to an area`,
  'sos-resolved': () => say`${actor} resolved ${subject}`,
  'sos-location-viewed': (d) => say`${actor} was shown where ${subject} is${d.over === 'mqtt' ? ', over MQTT' : ''}`,
  'readings-exported': (d) => say`${actor} exported readings: ${text(d.kind)} as ${text(d.format)}`,
  'quarantine-replayed': (d) =>
    say`${actor} replayed the quarantine: ${count(d.replayed)} accepted, ${count(d.stillBad)} still bad`,
  'quarantine-purged': (d) => say`${actor} deleted ${count(d.purged)} messages of the quarantine`,
  'mqtt-publish-refused': (d) => say`${actor} tried to publish to ${text(d.topic)}, and was refused`,
  'mqtt-subscribe-refused': (d) => say`${actor} tried to listen to ${text(d.topic)}, and was refused`,
  'backup-made': () => say`${actor} made a backup`,
  'backup-restored': () => say`${actor} was restored from a backup`,
  'audit-pruned': (d) => say`${actor} removed ${count(d.removed)} lines of the audit that were old enough`,
  'audit-head-altered': () =>
    say`The end of the audit was not what was left there: somebody changed the records by hand`,
}

/** The entry as a sentence, in pieces; a known actor and subject stand as references. */
export function sayEntry({ actor: by, action, subject: about, detail }: SaidEntry): readonly Part[] {
  const template =
    own(sentences, action)?.(detail, about) ?? say`${actor}: ${action}${about === undefined ? '' : ', '}${subject}`
  return template.flatMap((piece): Part[] => {
    if (piece === actor) return [referToActor(by)]
    if (piece === subject) return about === undefined ? [] : [referToSubject(about)]
    return piece === '' ? [] : [piece]
  })
}

/** `device:lamp-17` is a device. */
export function referToSubject(name: string): Reference {
  const at = name.indexOf(':')
  return at === -1 ? { noun: '', id: name } : { noun: name.slice(0, at), id: name.slice(at + 1) }
}

/** Who acts under a bare id is a person, or the system itself. */
export function referToActor(name: string): Reference {
  const reference = referToSubject(name)
  if (reference.noun !== '') return reference
  return { noun: name === 'system' ? 'system' : 'user', id: name }
}

const nouns: Readonly<Record<string, (id: string) => string>> = {
  system: () => 'The system',
  address: (id) => `Somebody at ${id}`,
  device: (id) => id,
  session: (id) => `the session …${id.slice(-6)}`,
  rule: (id) => `the rule ${id}`,
  sos: (id) => `the SOS …${id.slice(-6)}`,
  alert: (id) => `the alert …${id.slice(-6)}`,
  'provisioning-key': (id) => `the provisioning key …${id.slice(-6)}`,
}

/** What something is called in a sentence. @param names of people, by id */
export function nameReference({ noun, id }: Reference, names: ReadonlyMap<string, string>): string {
  if (noun === 'user') return names.get(id) ?? id
  return own(nouns, noun)?.(id) ?? `${noun} ${id}`.trim()
}

/** What a table has under a name that came from outside. */
export function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

/** The people of whom a page of entries speaks. */
export function peopleIn(entries: readonly SaidEntry[]): readonly string[] {
  const references = entries.flatMap(({ actor: by, subject: about }) =>
    about === undefined ? [referToActor(by)] : [referToActor(by), referToSubject(about)],
  )
  const ids = references.flatMap(({ noun, id }) => (noun === 'user' ? [id] : []))
  return [...new Set(ids)]
}

function role(value: unknown): string {
  return roles.includes(value as Role) ? roleWords[value as Role].label.toLowerCase() : text(value)
}

function fromTo({ from, role: to }: Detail): string {
  return from === undefined ? `to ${role(to)}` : `from ${role(from)} to ${role(to)}`
}

function signInWords(method: unknown): string {
  if (method === 'one-time-code') return ' with a one-time code'
  if (method === 'registration') return ' by registering'
  return method === undefined ? '' : ` with a ${text(method)}`
}

/** Field names as words: `unitNumber` is `unit number`. */
function list(values: unknown, none: string): string {
  if (!Array.isArray(values) || values.length === 0) return none
  const words = values.map((value) => text(value).replace(/([a-z])([A-Z])/g, (_all, a, b) => `${a} ${b.toLowerCase()}`))
  return words.length === 1 ? words[0]! : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '?'
}

function count(value: unknown): string {
  return typeof value === 'number' ? String(value) : 'some'
}
