import type { Notice, NoticeChannel, NoticeSkip } from '../../contracts/notice.ts'
import type { AddressType } from '../../contracts/ports/messages.ts'
import type { NoticeRecipient, PlannedNotice } from '../../store/index.ts'

/** Somebody to be told, and which of the event's words are for them. */
export interface Candidate {
  readonly tell: number
  readonly person: NoticeRecipient
}

/** Whether there is anything that carries messages to such addresses. */
export type Reach = Readonly<Record<AddressType, boolean>>

/** The ways to each sort of recipient, the first to be tried first. */
const ways: Readonly<Record<string, readonly NoticeChannel[]>> = {
  user: ['socket', 'sms', 'email'],
  contact: ['sms', 'email'],
  device: ['mqtt'],
}

/** @returns why somebody is not told at all; undefined when they are */
export function findPersonalSkip(person: NoticeRecipient): NoticeSkip | undefined {
  if (person.state !== 'active') return person.state
  if (!person.hasConsented) return 'no-consent'
  if (!person.isSignedIn) return 'signed-out'
  return person.isOffDuty ? 'off-duty' : undefined
}

/**
 * Works out who is told by which way, in which order. Somebody who is not told has a row that says why.
 * Pure: what it knows of people is what it is given.
 */
export function planNotices(candidates: readonly Candidate[], reach: Reach): PlannedNotice[] {
  const seen = new Set<string>()
  return candidates.flatMap(({ tell, person }) => {
    const { recipient } = person
    // The first words that are for somebody are theirs.
    if (seen.has(recipient)) return []
    seen.add(recipient)
    const channels = ways[recipient.slice(0, recipient.indexOf(':'))] ?? []
    const personal = findPersonalSkip(person)
    if (personal !== undefined) {
      return channels.slice(0, 1).map((channel) => aRow({ recipient, channel, tell, skip: personal }))
    }
    let place = 0
    return channels.map((channel) => {
      const { address, skip } = findAddress(person, channel, reach)
      const row = aRow({ recipient, channel, tell, address, skip, place })
      if (skip === undefined) place++
      return row
    })
  })
}

/**
 * A step for those who were told of an earlier one: by the way that reached them, then by the others that were planned.
 * Whether they are still on duty does not matter: who was called out is called back.
 */
export function planFollowUp(
  told: readonly (Notice & { readonly address: string | undefined })[],
  tell: number,
): PlannedNotice[] {
  const seen = new Set<string>()
  const places = new Map<string, number>()
  const rows: PlannedNotice[] = []
  // What surely arrived is the better way.
  for (const { recipient, channel, address } of [...told].sort((a, b) => certainty(b) - certainty(a))) {
    const key = `${recipient} ${channel}`
    if (seen.has(key)) continue
    seen.add(key)
    const place = places.get(recipient) ?? 0
    places.set(recipient, place + 1)
    rows.push(aRow({ recipient, channel, tell, address, place }))
  }
  return rows
}

function certainty({ state }: Notice): number {
  if (state === 'delivered') return 2
  return state === 'sent' ? 1 : 0
}

function findAddress(
  { recipient, phone, email }: NoticeRecipient,
  channel: NoticeChannel,
  reach: Reach,
): { readonly address?: string; readonly skip?: NoticeSkip } {
  if (channel === 'socket' || channel === 'mqtt') return { address: recipient.slice(recipient.indexOf(':') + 1) }
  const address = channel === 'sms' ? phone : email
  if (address === undefined) return { skip: 'no-address' }
  return reach[channel === 'sms' ? 'phone' : 'email'] ? { address } : { skip: 'no-channel' }
}

function aRow({
  recipient,
  channel,
  tell,
  address,
  skip,
  place = 0,
}: Pick<PlannedNotice, 'recipient' | 'channel' | 'tell'> & {
  readonly address?: string | undefined
  readonly skip?: NoticeSkip | undefined
  readonly place?: number
}): PlannedNotice {
  return { recipient, channel, tell, address, skip, place }
}
