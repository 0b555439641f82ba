import type { Options, Store } from 'express-rate-limit'
import { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { type RedisReply, RedisStore } from 'rate-limit-redis'
import type { SharedCounts } from './rate-limits.ts'

/** A request waits this long for Redis, once per outage; then this instance counts alone. */
const answerMsMax = 1000
const connectMsMax = 2000
/** While Redis is away it is asked this often whether it is back. */
const retryMs = 1000

export interface RedisCounts extends SharedCounts {
  /** Returns when Redis has been reached or has not; never fails because it is away. */
  start(): Promise<void>
  stop(): void
}

/**
 * Requests per client, counted together by all instances that name the same Redis.
 *
 * Redis being away stops nobody and opens nothing: every request is counted in this instance's memory too, and that
 * count decides from the first failure until Redis has proved that it counts again. Each outage is one line in the log.
 */
export function createRedisCounts({ url, log }: { readonly url: string; readonly log: Logger }): RedisCounts {
  const redis = new Redis(url, {
    lazyConnect: true,
    // What cannot be asked now is not worth asking later: the request has been answered by then.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    commandTimeout: answerMsMax,
    connectTimeout: connectMsMax,
    retryStrategy: () => retryMs,
  })
  const proofs: (() => Promise<unknown>)[] = []
  let isUp = false
  let isAway = false
  let isStopped = false
  let proving: Promise<void> | undefined
  let outages = 0
  let countedAlone = 0

  function noteFailure(error: Error): void {
    isUp = false
    if (isAway || isStopped) return
    isAway = true
    outages += 1
    log.warn({ reason: reasonOf(error) }, 'Redis is away, this instance counts requests alone')
  }

  /** A connection that fails while it is open may never recover by itself: a new one has nothing queued in it. */
  function giveUpConnection(error: Error): void {
    noteFailure(error)
    if (redis.status === 'ready') redis.disconnect(true)
  }

  /** Connected is not enough: a replica, or a Redis out of memory, answers and does not count. */
  async function proveThatItCounts(): Promise<void> {
    try {
      for (const prove of proofs) await prove()
    } catch (error) {
      giveUpConnection(error as Error)
      return
    }
    if (redis.status !== 'ready') return
    isUp = true
    if (isAway) log.info('Redis is back, requests are counted together again')
    isAway = false
  }

  redis.on('error', noteFailure)
  redis.on('close', () => noteFailure(new Error('Connection is closed.')))
  redis.on('ready', () => {
    proving = proveThatItCounts()
  })

  return {
    storeFor(limiter, local) {
      const prefix = `prahari:rate:${limiter}:`
      const sendCommand = (command: string, ...args: string[]) => redis.call(command, ...args) as Promise<RedisReply>
      const shared = new RedisStore({ prefix, sendCommand })

      async function increment(client: string) {
        const alone = await local.increment(client)
        if (isUp) {
          try {
            return await shared.increment(client)
          } catch (error) {
            giveUpConnection(error as Error)
          }
        }
        countedAlone += 1
        return alone
      }

      return {
        prefix,
        init(options: Options) {
          void local.init?.(options)
          proofs.push(async () => {
            await shared.init(options)
            await shared.increment('proof')
          })
        },
        increment,
        ...undoNothing,
      }
    },
    stats: () => ({ up: isUp, outages, countedAlone }),
    async start() {
      await redis.connect().catch(() => undefined)
      await proving
    },
    stop() {
      isStopped = true
      redis.disconnect()
    },
  }
}

/** Asked for by options of the limiter that we do not use. */
const undoNothing: Pick<Store, 'decrement' | 'resetKey'> = { decrement: () => undefined, resetKey: () => undefined }

/** Without what Redis repeats of a command it did not understand: it may be the password. */
function reasonOf({ message }: Error): string {
  return message.split(', with args')[0] ?? ''
}
