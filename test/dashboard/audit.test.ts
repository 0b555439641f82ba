import { describe, expect, it } from 'vitest'
import { actionGroups, otherActions } from '../../dashboard/src/audit/action-groups.ts'
import {
  nameReference,
  peopleIn,
  referToActor,
  type SaidEntry,
  sayEntry,
  sentences,
} from '../../dashboard/src/audit/audit-sentences.ts'
import { layOutDetail } from '../../dashboard/src/audit/detail-lines.ts'
import { fromLocalField, toLocalField } from '../../dashboard/src/audit/local-field.ts'
import { listProjectFiles } from '../house/project-files.ts'

const names = new Map([
  ['u1', 'Asha'],
  ['u2', 'Ravi'],
])

function sentence(entry: Partial<SaidEntry>): string {
  return sayEntry({ actor: 'u1', action: 'user-banned', detail: {}, ...entry })
    .map((part) => (typeof part === 'string' ? part : nameReference(part, names)))
    .join('')
}

describe('a line of the audit', () => {
  it.each<[string, Partial<SaidEntry>]>([
    [
      'Asha changed the role of Ravi from citizen to operator',
      { action: 'user-role-changed', subject: 'user:u2', detail: { from: 'citizen', role: 'operator' } },
    ],
    [
      'The system made an account for Asha as administrator',
      { actor: 'system', action: 'user-created', subject: 'user:u1', detail: { role: 'admin' } },
    ],
    [
      'Asha signed in with a password',
      { action: 'user-signed-in', subject: 'user:u1', detail: { method: 'password' } },
    ],
    ['Asha signed in with a one-time code', { action: 'user-signed-in', detail: { method: 'one-time-code' } }],
    ['Asha signed in by registering', { action: 'user-signed-in', detail: { method: 'registration' } }],
    [
      'Somebody at 192.0.2.7 failed to sign in as Ravi',
      { actor: 'address:192.0.2.7', action: 'sign-in-failed', subject: 'user:u2' },
    ],
    [
      'Somebody at 192.0.2.7 failed to sign in as Ravi, the last of 13 tries',
      { actor: 'address:192.0.2.7', action: 'sign-in-failed', subject: 'user:u2', detail: { repeats: 12 } },
    ],
    ['Asha verified their new e-mail address', { action: 'email-verified', detail: { isNew: true } }],
    ['Asha verified their phone number', { action: 'phone-verified', detail: { isNew: false } }],
    ['Somebody at 192.0.2.7 failed to sign in', { actor: 'address:192.0.2.7', action: 'sign-in-failed' }],
    [
      'Asha changed unit number and name of Ravi',
      { action: 'user-changed', subject: 'user:u2', detail: { fields: ['unitNumber', 'name'] } },
    ],
    ['Asha registered lamp-17', { action: 'device-registered', subject: 'device:lamp-17' }],
    [
      'lamp-17 enrolled itself with the provisioning key …abcdef',
      { actor: 'provisioning-key:01-abcdef', action: 'device-enrolled', subject: 'device:lamp-17' },
    ],
    [
      'Asha imported devices: 4998 registered, 2 not',
      { action: 'devices-registered', detail: { created: 4998, failed: 2 } },
    ],
    [
      'lamp-17 tried to publish to v1/x, and was refused',
      { actor: 'device:lamp-17', action: 'mqtt-publish-refused', detail: { topic: 'v1/x' } },
    ],
  ])('reads: %s', (expected, entry) => {
    expect(sentence(entry)).toBe(expected)
  })

  it('is shown under its own name when the action is not known', () => {
    expect(sentence({ action: 'moon-landed', subject: 'crater:7' })).toBe('Asha: moon-landed, crater 7')
    expect(sentence({ action: 'moon-landed', subject: undefined })).toBe('Asha: moon-landed')
    expect(sentence({ action: 'constructor', subject: undefined })).toBe('Asha: constructor')
  })

  it('takes nothing in the details for more than words', () => {
    const said = sayEntry({ actor: 'u1', action: 'rule-created', detail: { name: 'user:u2' } })
    expect(said).toEqual([{ noun: 'user', id: 'u1' }, ' made the rule “', 'user:u2', '”'])
  })

  it.each(Object.keys(sentences))('%s makes sense with no details at all', (action) => {
    const said = sentence({ action, subject: 'device:lamp-17' })
    expect(said).not.toMatch(/undefined|null|NaN|\[object/)
    expect(said).toMatch(/^\S.*\S$/)
  })

  it('speaks of people whose names are to be found', () => {
    const about = (actor: string, subject?: string): SaidEntry => ({ actor, action: 'x', subject, detail: {} })
    expect(
      peopleIn([about('u1', 'user:u2'), about('system', 'device:d'), about('u1'), about('address:1::2', 'lamp-17')]),
    ).toEqual(['u1', 'u2'])
    expect(referToActor('address:2001:db8::1')).toEqual({ noun: 'address', id: '2001:db8::1' })
  })
})

describe('the table of sentences', () => {
  it('has every action that the server writes down', () => {
    const written = listProjectFiles()
      .filter(({ path }) => /^(api|app|people|safety|store)\/.*\.ts$/.test(path))
      .map(({ read }) => read())
      .filter((text) => /audit\.append\(|\b(?:audit|trace)\(|headAlteredAction =|'audit-pruned'/.test(text))
      .flatMap((text) => [
        ...text.matchAll(/(?:action: |Action = |(?:audit|trace)\([^;]{0,60}?, )'([a-z]+(?:-[a-z]+)+)'/g),
      ])
      .map(([, action]) => action!)
    expect(written.length).toBeGreaterThan(25)
    expect([...new Set(written)].filter((action) => !(action in sentences))).toEqual([])
  })

  it('offers each action once to filter by', () => {
    const offered = [...actionGroups.flatMap(({ actions }) => actions), ...otherActions]
    expect(offered.toSorted()).toEqual(Object.keys(sentences).toSorted())
    expect(actionGroups.filter(({ actions }) => actions.length === 0)).toEqual([])
  })
})

describe('details', () => {
  it('are laid out flat, with what is empty said to be', () => {
    expect(layOutDetail({ fields: ['name', 'kinds'], after: { above: 35, note: null, tags: [] }, none: {} })).toEqual([
      { name: 'fields', value: 'name, kinds' },
      { name: 'after.above', value: '35' },
      { name: 'after.note', value: 'none' },
      { name: 'after.tags', value: 'none' },
      { name: 'none', value: 'none' },
    ])
    expect(layOutDetail({})).toEqual([])
  })

  it('end after two hundred lines', () => {
    const wide = Object.fromEntries(Array.from({ length: 500 }, (_none, at) => [`field${at}`, at]))
    expect(layOutDetail(wide)).toHaveLength(200)
  })
})

describe('times of the filter', () => {
  it('come back as they were typed, in whatever zone', () => {
    for (const typed of ['2026-01-15T08:30', '2026-07-15T23:59']) {
      expect(toLocalField(fromLocalField(typed))).toBe(typed)
    }
  })

  it.each(['', 'soon'])('%j is none', (text) => {
    expect(fromLocalField(text)).toBe('')
    expect(toLocalField(text)).toBe('')
  })
})
