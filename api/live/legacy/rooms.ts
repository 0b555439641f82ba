import type { z } from 'zod'
import { AppError } from '../../../contracts/errors.ts'
import type { Identity } from '../../../people/index.ts'

/** A connection of an earlier backend's client. */
export interface Member {
  identity(): Identity
  /** True while nothing may be sent to it, as its token has run out. */
  isStanding(): boolean
  /** @returns false when too much waits for it already; then it is not sent */
  tell(event: string, body: unknown): boolean
  /** Of one that cannot keep up with what must not be missed: it comes back and asks again. */
  close(): void
}

export interface Room {
  /** What it is known by in here. Rooms of one key are one room. */
  readonly key: string
  /** Asked when somebody joins, and again each time there is something to tell. */
  readonly mayHear: (identity: Identity) => boolean
}

/** Who hears of what. Nothing is told to anybody who may not hear it at that moment, however they came in. */
export interface Rooms {
  enter(member: Member): void
  /** Of who has left meanwhile, nothing is kept. @throws AppError `forbidden`, `too-many-rooms` */
  join(member: Member, room: Room): void
  /** Everybody in the room who may hear it now. */
  membersOf(key: string): readonly Member[]
  /** Shows a member out of the rooms that are no longer for it. */
  recheck(member: Member): void
  exit(member: Member, key: string): void
  /** All of them. */
  leave(member: Member): void
}

export function createRooms({ roomsMax }: { readonly roomsMax: number }): Rooms {
  const roomsOf = new Map<Member, Map<string, Room>>()
  const membersIn = new Map<string, Set<Member>>()

  function exit(member: Member, key: string): void {
    roomsOf.get(member)?.delete(key)
    const members = membersIn.get(key)
    members?.delete(member)
    if (members?.size === 0) membersIn.delete(key)
  }

  function recheck(member: Member): void {
    const identity = member.identity()
    for (const { key, mayHear } of [...(roomsOf.get(member)?.values() ?? [])]) {
      if (!mayHear(identity)) exit(member, key)
    }
  }

  return {
    enter(member) {
      roomsOf.set(member, new Map())
    },
    join(member, room) {
      if (!room.mayHear(member.identity())) throw new AppError('forbidden', 'forbidden', 'This room is not for you')
      const rooms = roomsOf.get(member)
      if (rooms === undefined) return
      if (!rooms.has(room.key) && rooms.size >= roomsMax) {
        throw new AppError('too-many', 'too-many-rooms', `A connection may be in ${roomsMax} rooms`)
      }
      rooms.set(room.key, room)
      const members = membersIn.get(room.key) ?? new Set()
      membersIn.set(room.key, members.add(member))
    },
    membersOf(key) {
      const members = [...(membersIn.get(key) ?? [])]
      for (const member of members) recheck(member)
      return members.filter((member) => membersIn.get(key)?.has(member) && !member.isStanding())
    },
    recheck,
    exit,
    leave(member) {
      for (const key of [...(roomsOf.get(member)?.keys() ?? [])]) exit(member, key)
      roomsOf.delete(member)
    },
  }
}

/** @throws AppError `invalid-request` */
export function parseRequest<T extends z.ZodType>(schema: T, request: unknown): z.infer<T> {
  const result = schema.safeParse(request)
  if (result.success) return result.data
  const details = result.error.issues.slice(0, 10).map(({ path, message }) => ({ path: path.join('.'), message }))
  const { path, message } = details[0]!
  throw new AppError('invalid', 'invalid-request', path === '' ? message : `${path}: ${message}`, { details })
}
