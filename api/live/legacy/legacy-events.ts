import type { Bus } from '../../../contracts/bus.ts'
import type { SosRecord } from '../../../contracts/sos.ts'
import { toOwnerView } from '../../../contracts/sos-owner-view.ts'
import type { NoteSosView, SosDesk } from '../../../safety/index.ts'
import type { Member, Rooms } from './rooms.ts'

export interface LegacyDeps {
  readonly rooms: Rooms
  readonly sosDesk: Pick<SosDesk, 'list' | 'call' | 'get' | 'getByRoom' | 'trail' | 'ownerView' | 'addPosition'>
  readonly noteSosView: NoteSosView
  readonly bus: Bus
  readonly now: () => number
  /** Does something in a later turn: the one of the event may be holding the acknowledgement of a panic press. */
  readonly later: (work: () => void) => void
}

/** What clients of one backend may send and are told. What each event needs stands in `socketAccess`. */
export interface LegacyEvents<Event extends string> {
  /** @returns what is answered, beside `ok` */
  readonly handlers: Readonly<Record<Event, (member: Member, request: unknown) => object | Promise<object>>>
  /** What a client is told as it comes in. */
  greet?(member: Member): void
  /** @returns what ends it */
  follow(): (() => void)[]
}

/** What must not be missed: whoever has no room for it is closed, and asks again when it is back. */
export function tellUrgently(member: Member, event: string, body: unknown): void {
  if (!member.tell(event, body)) member.close()
}

export function isOwner(member: Member, { ownerId }: SosRecord): boolean {
  return member.identity().userId === ownerId
}

/** For its owner it was cancelled, and is over: nothing of what follows is for them. */
export function isOverForOwner({ isDuress, cancelledAtMs }: SosRecord): boolean {
  return isDuress && cancelledAtMs !== undefined
}

/** As this member may see it; that others see where somebody is, is written down. */
export function showTo(member: Member, sos: SosRecord, noteSosView: NoteSosView): SosRecord {
  if (isOwner(member, sos)) return toOwnerView(sos)
  if (sos.location !== undefined) noteSosView(member.identity(), sos.id)
  return sos
}
