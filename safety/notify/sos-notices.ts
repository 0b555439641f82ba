import type { NoticeAudience, NoticeEvent, NoticeWords } from '../../contracts/notice.ts'
import type { SosRecord } from '../../contracts/sos.ts'
import type { Repositories } from '../../store/index.ts'
import type { SosStep } from '../sos/sos-deps.ts'

/** The steps of an SOS that people are told of. */
export const sosNoticeSteps = [
  'raised',
  'louder',
  'supervisors',
  'duress',
  'silent',
  'dispatched',
  'cancelled',
  'resolved',
  'merged',
] as const
export type SosNoticeStep = (typeof sosNoticeSteps)[number]

interface SosNotice {
  readonly step: SosNoticeStep
  readonly sos: Pick<SosRecord, 'id' | 'ownerId' | 'receivedAtMs' | 'personName'>
  /** Of whoever it is about, as their contacts know them. */
  readonly name?: string | undefined
}

/**
 * Writes what has to be told along with a step of an SOS, in the transaction of the step: one row each. Once written it
 * is told; who that is, the outbox finds out.
 */
export async function enqueueSosNotices({ notices, users }: Repositories, step: SosStep): Promise<void> {
  const steps = findNoticeSteps(step)
  if (steps.length === 0) return
  const { sos } = step
  const owner = sos.personName === undefined && sos.ownerId !== undefined ? await users.get(sos.ownerId) : undefined
  for (const one of steps) await notices.enqueue(noticeOfSos({ step: one, sos, name: sos.personName ?? owner?.name }))
}

/**
 * Which notices a step of the life cycle is. The person who called is told nothing by these: a phone that rings can be
 * what gives them away. Under duress nobody but the control room hears that anything happened: whoever stands over them
 * may be among their contacts.
 */
export function findNoticeSteps({ sos, action }: SosStep): readonly SosNoticeStep[] {
  switch (action) {
    case 'pressed':
    case 'activated':
      return sos.state === 'active' && !sos.isDuress ? ['raised'] : []
    case 'escalated':
      return sos.escalation === 2 ? ['louder', 'supervisors'] : ['louder']
    case 'cancelled-under-duress':
      return ['duress']
    case 'silent':
      return ['silent']
    case 'dispatched':
      return sos.isDuress ? [] : ['dispatched']
    case 'cancelled':
    case 'resolved':
      return [action]
    case 'merged':
      return sos.mergedInto === undefined ? [] : ['merged']
    default:
      return []
  }
}

/** What people are told of a step, and who they are. Pure. The words say who called and when, never where. */
export function noticeOfSos({ step, sos, name = sos.personName }: SosNotice): NoticeEvent {
  const who = toOneLine(name ?? 'Somebody')
  const clock = `${new Date(sos.receivedAtMs).toISOString().slice(11, 16)} UTC`
  return {
    key: `sos:${sos.id}:${step}`,
    thread: `sos:${sos.id}`,
    urgency: 'sos',
    ends: step === 'cancelled' || step === 'resolved' || step === 'merged',
    aboutUserId: sos.ownerId,
    tells: listTells(step, { ownerId: sos.ownerId, what: `SOS from ${who}`, of: `of ${clock}`, who, clock }),
  }
}

interface Facts {
  readonly ownerId: string | undefined
  readonly who: string
  readonly clock: string
  readonly what: string
  readonly of: string
}

function listTells(step: SosNoticeStep, { ownerId, who, clock, what, of }: Facts): NoticeEvent['tells'] {
  const tell = (to: NoticeAudience, words: NoticeWords) => ({ to, ...words })
  const told: NoticeAudience = { type: 'told' }
  switch (step) {
    case 'raised':
      return [
        ...(ownerId === undefined
          ? []
          : [
              tell(
                { type: 'contacts', ownerId },
                {
                  subject: what,
                  text: `${who} raised an SOS at ${clock}. Call them; if you fear for them, call the police.`,
                },
              ),
            ]),
        tell({ type: 'staff', roles: ['operator'] }, { subject: what, text: `${what} at ${clock}.` }),
      ]
    case 'louder':
      return [
        tell(
          { type: 'staff', roles: ['operator', 'officer'] },
          { subject: `${what} waits`, text: `${what} at ${clock}: nobody has acknowledged it yet.` },
        ),
      ]
    case 'supervisors':
      return [
        tell(
          { type: 'staff', roles: ['admin', 'super_admin'] },
          { subject: `${what} waits`, text: `${what} at ${clock}: still not acknowledged.` },
        ),
      ]
    case 'duress':
      return [
        tell(
          { type: 'staff', roles: ['operator', 'admin', 'super_admin'] },
          { subject: what, text: `${what} ${of} was cancelled under duress. It goes on, unseen by the person.` },
        ),
      ]
    case 'silent':
      return [
        tell(
          { type: 'staff', roles: ['operator'] },
          { subject: `${what}: silent`, text: `${what} ${of}: nothing was heard of the person for a while.` },
        ),
      ]
    case 'dispatched':
      return ownerId === undefined
        ? []
        : [
            tell(
              { type: 'contacts', ownerId },
              { subject: `Help for ${who}`, text: `Help is on its way to ${who}, who raised an SOS at ${clock}.` },
            ),
          ]
    case 'cancelled':
      return [tell(told, { subject: `${what} was cancelled`, text: `${who} cancelled the SOS ${of}.` })]
    case 'resolved':
      return [tell(told, { subject: `${what} is over`, text: `The ${what} ${of} is over.` })]
    case 'merged':
      return [tell(told, { subject: `${what}`, text: `The ${what} ${of} is handled together with another.` })]
  }
}

const nameLengthMax = 60

/** A name is what its owner typed, and stands in a subject. */
function toOneLine(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const plain = name.replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ').trim()
  return plain === '' ? 'Somebody' : plain.slice(0, nameLengthMax)
}
