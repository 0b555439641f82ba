import { describe, expect, it, vi } from 'vitest'
import { createLifecycle } from '../../app/lifecycle.ts'
import { AppError } from '../../contracts/errors.ts'
import type { Service } from '../../contracts/service.ts'

const log = { info: () => undefined, error: () => undefined }

interface Faults {
  readonly start?: Error
  readonly stop?: Error
  readonly hangsOnStop?: boolean
}

/** Services that write down what is done to them. */
function recorded(names: Readonly<Record<string, Faults>>): { services: Service[]; events: string[] } {
  const events: string[] = []
  const services = Object.entries(names).map(([name, faults]) => ({
    name,
    async start() {
      events.push(`start ${name}`)
      await Promise.resolve()
      if (faults.start) throw faults.start
    },
    async stop() {
      events.push(`stop ${name}`)
      if (faults.hangsOnStop) await new Promise(() => undefined)
      if (faults.stop) throw faults.stop
    },
  }))
  return { services, events }
}

describe('the lifecycle', () => {
  it('starts in order and stops in reverse', async () => {
    const { services, events } = recorded({ store: {}, api: {}, broker: {} })
    const lifecycle = createLifecycle({ services, stopDeadlineMs: 1000, log })
    await lifecycle.start()
    await lifecycle.stop()
    expect(events).toEqual(['start store', 'start api', 'start broker', 'stop broker', 'stop api', 'stop store'])
  })

  it('rolls a failed start back, the one that failed included, and says why', async () => {
    const { services, events } = recorded({ store: {}, api: { start: new Error('port taken') }, broker: {} })
    const lifecycle = createLifecycle({ services, stopDeadlineMs: 1000, log })
    await expect(lifecycle.start()).rejects.toThrow('port taken')
    expect(events).toEqual(['start store', 'start api', 'stop api', 'stop store'])
  })

  it('throws the reason of the start also when the rollback fails', async () => {
    const { services } = recorded({ store: { stop: new Error('disk') }, api: { start: new Error('port taken') } })
    const lifecycle = createLifecycle({ services, stopDeadlineMs: 1000, log })
    await expect(lifecycle.start()).rejects.toThrow('port taken')
  })

  it('stops the others when one fails to stop, and names it', async () => {
    const { services, events } = recorded({ store: {}, api: { stop: new Error('busy') }, broker: {} })
    const lifecycle = createLifecycle({ services, stopDeadlineMs: 1000, log })
    await lifecycle.start()
    await expect(lifecycle.stop()).rejects.toMatchObject({
      code: 'stop-incomplete',
      message: 'stop incomplete: api failed',
    })
    expect(events.slice(3)).toEqual(['stop broker', 'stop api', 'stop store'])
  })

  it('gives up at the deadline and names what was still busy', async () => {
    vi.useFakeTimers()
    try {
      const { services } = recorded({ store: {}, api: { hangsOnStop: true } })
      const lifecycle = createLifecycle({ services, stopDeadlineMs: 5000, log })
      await lifecycle.start()
      const outcome = lifecycle.stop().catch((error: unknown) => error)
      await vi.advanceTimersByTimeAsync(5000)
      expect(await outcome).toBeInstanceOf(AppError)
      expect(String(await outcome)).toContain('api was still stopping after 5000 ms')
    } finally {
      vi.useRealTimers()
    }
  })

  it('stops once however often it is asked', async () => {
    const { services, events } = recorded({ store: {} })
    const lifecycle = createLifecycle({ services, stopDeadlineMs: 1000, log })
    await lifecycle.start()
    await Promise.all([lifecycle.stop(), lifecycle.stop()])
    await lifecycle.stop()
    expect(events).toEqual(['start store', 'stop store'])
  })

  it('starts nothing more once it was asked to stop', async () => {
    const { services, events } = recorded({ store: {}, api: {} })
    const lifecycle = createLifecycle({ services, stopDeadlineMs: 1000, log })
    const starting = lifecycle.start()
    await lifecycle.stop()
    await starting
    expect(events).toEqual(['start store', 'stop store'])
  })
})
