import type { SessionClient } from '../sessions/session-store.ts'

export type Settle = (error?: Error) => void

interface ReceivedIds {
  /** Rejects when no message of that identifier waits for its PUBREL. */
  incomingGetPacket(client: SessionClient, packet: { readonly messageId: number }): Promise<unknown>
}

/**
 * Lets a QoS 2 message through once [MQTT-4.3.3-2]. Aedes looks for a resend only after the hook in which we store, so
 * without this a message whose PUBREC was lost would be stored again.
 * @returns a function that calls `submit` for a first arrival only, and `done` in every case
 */
export function createExactlyOnce(received: ReceivedIds) {
  const underWay = new Map<string, Settle[]>()
  /** A clean session ends with its connection: on the next one the same identifier names another message. */
  const cleanSessions = new WeakMap<SessionClient, string>()
  let cleanSessionCount = 0

  function sessionOf(client: SessionClient): string {
    if (client.clean !== true) return client.id
    const known = cleanSessions.get(client) ?? `${client.id}\n${++cleanSessionCount}`
    cleanSessions.set(client, known)
    return known
  }

  return function once(client: SessionClient, messageId: number, submit: (settle: Settle) => void, done: Settle): void {
    const key = `${sessionOf(client)}\n${messageId}`
    const waiting = underWay.get(key)
    if (waiting !== undefined) {
      // Resent on a new connection while the store is still busy with it.
      waiting.push(done)
      return
    }
    underWay.set(key, [done])
    const settle: Settle = (error) => {
      const all = underWay.get(key) ?? []
      underWay.delete(key)
      for (const settled of all) settled(error)
    }
    received.incomingGetPacket(client, { messageId }).then(
      () => settle(),
      () => submit(settle),
    )
  }
}
