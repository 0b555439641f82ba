import { mkdir } from 'node:fs/promises'
import { ClassicLevel } from 'classic-level'
import { AppError } from '../../contracts/errors.ts'

/** An ordered key-value file; both keys and values are text. Writes after `close` are dropped. */
export interface Database {
  /** @throws AppError `sessions-unavailable`, for example when another process has it open */
  open(): Promise<void>
  close(): Promise<void>
  put(key: string, value: string): Promise<void>
  putAll(entries: readonly (readonly [key: string, value: string])[]): Promise<void>
  remove(keys: readonly string[]): Promise<void>
  /** Entries whose key starts with `prefix`, in order. */
  range(prefix: string): AsyncIterable<[string, string]>
  keys(prefix: string): AsyncIterable<string>
}

/** Greater than every character in the byte order of UTF-8. */
const last = '\u{10FFFF}'

export function createDatabase(directory: string): Database {
  // Level opens itself when it is constructed, so that waits for `open`.
  let level: ClassicLevel<string, string> | undefined

  function opened(): ClassicLevel<string, string> {
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
      await level?.close()
    },
    async put(key, value) {
      if (level?.status === 'open') await level.put(key, value)
    },
    async putAll(entries) {
      if (level?.status !== 'open' || entries.length === 0) return
      await level.batch(entries.map(([key, value]) => ({ type: 'put', key, value })))
    },
    async remove(keys) {
      if (level?.status !== 'open' || keys.length === 0) return
      await level.batch(keys.map((key) => ({ type: 'del', key })))
    },
    range: (prefix) => opened().iterator({ gte: prefix, lt: prefix + last }),
    keys: (prefix) => opened().keys({ gte: prefix, lt: prefix + last }),
  }
}
