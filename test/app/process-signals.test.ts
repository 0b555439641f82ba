import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { tieToProcess } from '../../app/process-signals.ts'

const log = { info: () => undefined, warn: () => undefined, error: () => undefined, fatal: () => undefined }

function tied(stop: () => Promise<void>) {
  const emitter = new EventEmitter()
  const exits: (number | undefined)[] = []
  const exited = new Promise<number | undefined>((resolve) => {
    Object.assign(emitter, {
      exit: (code?: number) => {
        exits.push(code)
        resolve(code)
      },
    })
  })
  const untie = tieToProcess({ process: emitter as unknown as NodeJS.Process, stop, log })
  return { emitter, exits, exited, untie }
}

describe('a server tied to its process', () => {
  it.each(['SIGTERM', 'SIGINT'])('stops on %s and leaves with 0', async (signal) => {
    let stops = 0
    const { emitter, exited } = tied(async () => void stops++)
    emitter.emit(signal, signal)
    expect(await exited).toBe(0)
    expect(stops).toBe(1)
  })

  it('leaves at once on a second signal', () => {
    const { emitter, exits } = tied(() => new Promise(() => undefined))
    emitter.emit('SIGINT', 'SIGINT')
    expect(exits).toEqual([])
    emitter.emit('SIGTERM', 'SIGTERM')
    expect(exits).toEqual([130])
  })

  it.each(['uncaughtException', 'unhandledRejection'])('stops on %s and leaves with 1', async (event) => {
    const { emitter, exited } = tied(async () => undefined)
    emitter.emit(event, new Error('a defect'))
    expect(await exited).toBe(1)
  })

  it('leaves with 1 when the stop was not clean', async () => {
    const { emitter, exited } = tied(() => Promise.reject(new Error('busy')))
    emitter.emit('SIGTERM', 'SIGTERM')
    expect(await exited).toBe(1)
  })

  it('leaves with 1 when something fails uncaught while it stops', async () => {
    let stopped = (): void => undefined
    const { emitter, exited } = tied(() => new Promise((resolve) => (stopped = resolve)))
    emitter.emit('SIGTERM', 'SIGTERM')
    emitter.emit('uncaughtException', new Error('a defect'))
    stopped()
    expect(await exited).toBe(1)
  })

  it('can be untied', () => {
    const { emitter, untie } = tied(async () => undefined)
    untie()
    expect(emitter.eventNames()).toEqual([])
  })
})
