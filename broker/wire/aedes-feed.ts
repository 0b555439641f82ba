import type { Client } from 'aedes'
import { AppError } from '../../contracts/errors.ts'

/**
 * The parts of an Aedes 1.2 client that its types leave out. This file is the only one that knows them.
 *
 * Aedes reads a socket by the chunk: it parses all of it at once, and reads on when every packet of the chunk is done.
 * That leaves no way to bound a round of the event loop, none to let a panic press pass the readings before it, and a
 * sender of many small segments is read on although nothing of it has settled. So the gate reads, and Aedes is fed.
 */
interface ClientInside {
  _parser: { parse(bytes: Buffer): number; error: Error | null; _queue: unknown }
  _nextBatch: (error?: Error | null) => void
  _parsingBatch: number
  _nextId: number
}

export interface Feed {
  /** Whole packets only; they are handled before it returns, except for what waits for a store. */
  parse(bytes: Buffer): void
  /** Whether this is what the parser found wrong with the bytes. */
  isParserError(error: unknown): boolean
}

/**
 * Takes reading over from Aedes.
 * @param onHandled called once for every packet that Aedes is done with
 * @throws AppError `aedes-changed` when Aedes is not built as expected
 */
export function takeOverReading(client: Client, onHandled: () => void): Feed {
  const inside = client as unknown as Partial<ClientInside>
  const { _parser: parser, _nextBatch: nextBatch } = inside
  if (typeof parser?.parse !== 'function' || typeof nextBatch !== 'function' || inside._parsingBatch === undefined) {
    throw new AppError('internal', 'aedes-changed', 'this version of Aedes is not one the broker can feed')
  }
  client.conn.removeListener('readable', nextBatch)
  inside._nextBatch = (error) => {
    if (error) client.emit('error', error)
    else onHandled()
  }
  // Aedes parks every packet but the first until CONNACK; the count that tells the first starts after its first read.
  inside._parsingBatch = 0
  return {
    parse: (bytes) => void parser.parse(bytes),
    isParserError: (error) => error !== null && parser.error === error,
  }
}

/** Draws the client's next packet identifier, as Aedes does for the packets it numbers itself. */
export function takeMessageId(client: Client): number {
  const inside = client as unknown as ClientInside
  const messageId = inside._nextId
  inside._nextId = messageId >= 65_535 ? 1 : messageId + 1
  return messageId
}
