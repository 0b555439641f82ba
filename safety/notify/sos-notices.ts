import type { NoticeEvent, NoticeWords } from '../../contracts/notice.ts'
import type { SosRecord } from '../../contracts/sos.ts'

/** The steps of an SOS that people are told of. */
export type SosNoticeStep =
  | 'raised'
  | 'louder'
  | 'supervisors'
  | 'acknowledged'
  | 'dispatched'
  | 'cancelled'
  | 'resolved'

interface SosNotice {
  readonly step: SosNoticeStep
  readonly sos: Pick<SosRecord, 'id' | 'ownerId' | 'deviceId' | 'observedAtMs' | 'personName'>
  /** Of whoever it is about, as their contacts know them. */
  readonly name?: string | undefined
  /** Opens this SOS and nothing else; for contacts. The place itself is in no message. */
  readonly link?: string | undefined
}

/**
 * What people are told of a step, and who they are. Pure; hand it to `notices.enqueue` in the transaction that makes the
 * step. Under duress nobody is told that an SOS was cancelled: do not ask for that step.
 */
export function noticeOfSos({ step, sos, name = sos.personName, link }: SosNotice): NoticeEvent {
  const who = toOneLine(name ?? 'Somebody')
  const clock = `${new Date(sos.observedAtMs).toISOString().slice(11, 16)} UTC`
  return {
    key: `sos:${sos.id}:${step}`,
    thread: `sos:${sos.id}`,
    urgency: 'sos',
    ends: step === 'cancelled' || step === 'resolved',
    aboutUserId: sos.ownerId,
    tells: listTells({ step, sos, who, clock, link }),
  }
}

interface Telling extends Pick<SosNotice, 'step' | 'sos' | 'link'> {
  readonly who: string
  readonly clock: string
}

function listTells({ step, sos, who, clock, link }: Telling): NoticeEvent['tells'] {
  const { ownerId, deviceId } = sos
  const toContacts = (words: NoticeWords) =>
    ownerId === undefined ? [] : [{ to: { type: 'contacts', ownerId } as const, ...words }]
  const toPerson = (words: NoticeWords) => [
    ...(deviceId === undefined ? [] : [{ to: { type: 'device', deviceId } as const, ...words }]),
    ...(ownerId === undefined ? [] : [{ to: { type: 'user', userId: ownerId } as const, ...words }]),
  ]
  switch (step) {
    case 'raised':
      return [
        ...toContacts({
          subject: `SOS from ${who}`,
          text: `${who} raised an SOS at ${clock}. Call them; if you fear for them, call the police.${link ? ` ${link}` : ''}`,
        }),
        {
          to: { type: 'staff', roles: ['operator'] },
          subject: `SOS from ${who}`,
          text: `SOS from ${who} at ${clock}.`,
        },
      ]
    case 'louder':
      return [
        {
          to: { type: 'staff', roles: ['operator', 'officer'] },
          subject: `SOS from ${who} waits`,
          text: `SOS from ${who} at ${clock}: nobody has acknowledged it yet.`,
        },
      ]
    case 'supervisors':
      return [
        {
          to: { type: 'staff', roles: ['admin', 'super_admin'] },
          subject: `SOS from ${who} waits`,
          text: `SOS from ${who} at ${clock}: still not acknowledged.`,
        },
      ]
    case 'acknowledged':
      return toPerson({ subject: 'Your SOS was seen', text: 'Your SOS was seen. Somebody is looking after it.' })
    case 'dispatched':
      return toPerson({ subject: 'Help is on its way', text: 'Help is on its way to you.' })
    case 'cancelled':
      return [
        {
          to: { type: 'told' },
          subject: `SOS from ${who} was cancelled`,
          text: `${who} cancelled the SOS of ${clock}.`,
        },
      ]
    case 'resolved':
      return [
        { to: { type: 'told' }, subject: `SOS from ${who} is over`, text: `The SOS from ${who} of ${clock} is over.` },
      ]
  }
}

const nameLengthMax = 60

/** A name is what its owner typed, and stands in a subject. */
function toOneLine(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const plain = name.replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ').trim()
  return plain === '' ? 'Somebody' : plain.slice(0, nameLengthMax)
}
