import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'
import type { Config } from './config/config.ts'

export type Log = Logger

/** Keys under which a secret or a person's place might stand, should a caller ever log a whole object. */
const redactedPaths = ['password', 'secret', 'token', 'authorization', 'jwtSecret', 'location', 'payload'].flatMap(
  (key) => [key, `*.${key}`],
)

/** One log for the process, on standard output. */
export function createLog({ level, format }: Config['log']): Log {
  const options = { level, base: undefined, redact: { paths: redactedPaths, censor: '[redacted]' } }
  if (format === 'json') {
    const formatters = { level: (label: string) => ({ level: label }) }
    return pino({ ...options, formatters, timestamp: pino.stdTimeFunctions.isoTime })
  }
  // In the process rather than on pino's own thread: lines written just before an exit are not lost.
  return pino(options, pretty({ sync: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' }))
}
