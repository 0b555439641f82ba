import { mkdir } from 'node:fs/promises'
import { ClassicLevel } from 'classic-level'
import { AppError } from '../../contracts/errors.ts'

/**
 * An ordered key-value file; both keys and values are text. Writes land in the order in which they were asked for, and
 * reads see them all. Writes after `close` are dropped.
 */
export interface Database {
  /** @throws AppError `sessions-unavailable`, for example when another process has it open */
  open(): Promise<void>
  close(): Promise<void>
  put(key: string, value: string): Promise<void>
  putAll(entries: readonly (readonly [key: string, value: string])[]): Promise<void>
  remove(keys: readonly string[]): Promise<void>
  get(key: string): Promise<string | undefined>
  /** Entries whose key starts with `prefix`, in order. */
  range(prefix: string): AsyncIterable<[string, string]>
  keys(prefix: string): AsyncIterable<string>
}

type Write =
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  | { readonly type: 'del'; readonly key: string }

/** Greater than every character in the byte order of UTF-8. */
const last = '\u{10FFFF}'

export function createDatabase(directory: string): Database {
  // Level opens itself when it is constructed, so that waits for `open`.
  let level: ClassicLevel<string, string> | undefined
  let waiting: Write[] = []
  let written: Promise<void> = Promise.resolve()

  /** Level runs its writes on several threads, so two to one key could land the wrong way round: one batch at a time. */
  function write(writes: readonly Write[]): Promise<void> {
    if (level?.status !== 'open' || writes.length === 0) return Promise.resolve()
    waiting.push(...writes)
    if (waiting.length === writes.length) written = written.catch(() => {}).then(writeWaiting)
    return written
  }

  async function writeWaiting(): Promise<void> {
    const batch = waiting
    waiting = []
    await level?.batch(batch)
  }

  async function readable(): Promise<ClassicLevel<string, string>> {
    await written.catch(() => {})
    if (level?.status !== 'open')
      throw new AppError('unavailable', 'sessions-unavailable', 'MQTT sessions are not open')
    return level
  }

  return {
    async open() {
      try {
        await mkdir(directory, { recursive: true })
        level = new ClassicLevel(directory, { keyEncoding: 'utf8', valueEncoding: 'utf8' })
        await level.open()
      } catch (cause) {
        throw new AppError('unavailable', 'sessions-unavailable', `cannot open MQTT sessions in ${directory}`, {
          cause,
        })
      }
    },
    async close() {
      await written.catch(() => {})
      await level?.close()
    },
    put: (key, value) => write([{ type: 'put', key, value }]),
    putAll: (entries) => write(entries.map(([key, value]) => ({ type: 'put', key, value }))),
    remove: (keys) => write(keys.map((key) => ({ type: 'del', key }))),
    get: async (key) => (await readable()).get(key),
    async *range(prefix) {
      yield* (await readable()).iterator({ gte: prefix, lt: prefix + last })
    },
    async *keys(prefix) {
      yield* (await readable()).keys({ gte: prefix, lt: prefix + last })
    },
  }
}
