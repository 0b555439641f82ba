import { describe, expect, it, vi } from 'vitest'
import { createLifecycle, type Lifecycle } from '../../app/lifecycle.ts'
import { AppError } from '../../contracts/errors.ts'
import type { Service } from '../../contracts/service.ts'

const log = { debug: () => undefined, error: () => undefined }

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

async function startAll(lifecycle: Lifecycle, services: readonly Service[]): Promise<void> {
  for (const service of services) await lifecycle.start(service)
}

const aLifecycle = () => createLifecycle({ stopDeadlineMs: 5000, log })

describe('the lifecycle', () => {
  it('stops in reverse what started in order', async () => {
    const { services, events } = recorded({ store: {}, api: {}, broker: {} })
    const lifecycle = aLifecycle()
    await startAll(lifecycle, services)
    await lifecycle.stop()
    expect(events).toEqual(['start store', 'start api', 'start broker', 'stop broker', 'stop api', 'stop store'])
  })

  it('rolls a failed start back, the one that failed included, and says why', async () => {
    const { services, events } = recorded({ store: {}, api: { start: new Error('port taken') }, broker: {} })
    await expect(startAll(aLifecycle(), services)).rejects.toThrow('port taken')
    expect(events).toEqual(['start store', 'start api', 'stop api', 'stop store'])
  })

  it('throws the reason of the start also when the rollback fails', async () => {
    const { services } = recorded({ store: { stop: new Error('disk') }, api: { start: new Error('port taken') } })
    await expect(startAll(aLifecycle(), services)).rejects.toThrow('port taken')
  })

  it('closes what was opened, in its turn', async () => {
    const { services, events } = recorded({ claim: {}, api: {} })
    const lifecycle = aLifecycle()
    await lifecycle.start(services[0]!)
    const opened = await lifecycle.open(
      'records',
      () => 'a file',
      (file) => void events.push(`close ${file}`),
    )
    expect(opened).toBe('a file')
    await lifecycle.start(services[1]!)
    await lifecycle.stop()
    expect(events.slice(2)).toEqual(['stop api', 'close a file', 'stop claim'])
  })

  it('rolls back when something does not open, and closes only what did', async () => {
    const { services, events } = recorded({ claim: {} })
    const lifecycle = aLifecycle()
    await lifecycle.start(services[0]!)
    const opening = lifecycle.open(
      'records',
      () => Promise.reject(new Error('not a database')),
      () => void events.push('close'),
    )
    await expect(opening).rejects.toThrow('not a database')
    expect(events).toEqual(['start claim', 'stop claim'])
  })

  it('stops the others when one fails to stop, and names it', async () => {
    const { services, events } = recorded({ store: {}, api: { stop: new Error('busy') }, broker: {} })
    const lifecycle = aLifecycle()
    await startAll(lifecycle, services)
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
      const lifecycle = aLifecycle()
      await startAll(lifecycle, services)
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
    const lifecycle = aLifecycle()
    await startAll(lifecycle, services)
    await Promise.all([lifecycle.stop(), lifecycle.stop()])
    await lifecycle.stop()
    expect(events).toEqual(['start store', 'stop store'])
  })

  it('starts nothing more once it was asked to stop', async () => {
    const { services, events } = recorded({ store: {}, api: {} })
    const lifecycle = aLifecycle()
    const starting = startAll(lifecycle, services)
    await lifecycle.stop()
    await expect(starting).rejects.toMatchObject({ code: 'start-cancelled' })
    expect(events).toEqual(['start store', 'stop store'])
  })

  it('closes what opened too late for the stop to see it', async () => {
    const events: string[] = []
    const lifecycle = aLifecycle()
    const opening = lifecycle.open(
      'records',
      async () => 'a file',
      () => void events.push('close'),
    )
    await lifecycle.stop()
    await expect(opening).rejects.toMatchObject({ code: 'start-cancelled' })
    expect(events).toEqual(['close'])
  })
})
