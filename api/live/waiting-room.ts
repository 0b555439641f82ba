/** Who has come and not said yet who they are. */
export interface WaitingRoom {
  /** @param client see `clientOf` */
  hasRoom(client: string): boolean
  /** @returns leaves; calling it twice is harmless */
  enter(client: string): () => void
}

/**
 * Bounds them apart from those who were let in, as a group and for each client: an open door that anybody may stand in
 * must not keep operators out.
 */
export function createWaitingRoom(limits: { readonly max: number; readonly perClientMax: number }): WaitingRoom {
  const counts = new Map<string, number>()
  let total = 0
  return {
    hasRoom: (client) => total < limits.max && (counts.get(client) ?? 0) < limits.perClientMax,
    enter(client) {
      let isIn = true
      counts.set(client, (counts.get(client) ?? 0) + 1)
      total += 1
      return () => {
        if (!isIn) return
        isIn = false
        total -= 1
        const left = counts.get(client)! - 1
        if (left === 0) counts.delete(client)
        else counts.set(client, left)
      }
    },
  }
}
