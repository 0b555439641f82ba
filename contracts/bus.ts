import type { BusEvents } from './events.ts'

export type BusChannel = keyof BusEvents

/**
 * How parts that may not import each other tell each other what happened.
 * In one process it is a function call; between processes it is a stream, so handlers must stand a repeat.
 * A handler that throws is reported by the bus and never stops the others.
 */
export interface Bus {
  publish<C extends BusChannel>(channel: C, event: BusEvents[C]): void
  /** @returns a function that ends the subscription; calling it twice is harmless */
  subscribe<C extends BusChannel>(channel: C, handler: (event: BusEvents[C]) => void): () => void
}

export interface MemoryBusOptions {
  readonly onHandlerError: (error: unknown, channel: BusChannel) => void
}

/** The bus of a single process: handlers run before `publish` returns, in the order they subscribed. */
export function createMemoryBus({ onHandlerError }: MemoryBusOptions): Bus {
  const handlers = new Map<BusChannel, Set<(event: never) => void>>()
  return {
    publish(channel, event) {
      for (const handler of handlers.get(channel) ?? []) {
        try {
          ;(handler as (event: unknown) => void)(event)
        } catch (error) {
          onHandlerError(error, channel)
        }
      }
    },
    subscribe(channel, handler) {
      const set = handlers.get(channel) ?? new Set()
      handlers.set(channel, set)
      set.add(handler as (event: never) => void)
      return () => set.delete(handler as (event: never) => void)
    },
  }
}
