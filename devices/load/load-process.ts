import { createLoadFleet, type LoadFleet, type LoadFleetOptions, type LoadPace, type LoadTarget } from './load-fleet.ts'

/**
 * The load generator's own process: it shares the machine with the server it loads, so it does nothing else.
 * Started by `load-generator.ts`, which asks over the IPC channel and gets one answer per question.
 */
export type LoadCall =
  | { readonly call: 'create'; readonly options: LoadFleetOptions }
  | { readonly call: 'open'; readonly target?: LoadTarget }
  | { readonly call: 'start'; readonly pace: LoadPace }
  | { readonly call: 'pause' | 'counts' | 'progress' | 'whenDown' | 'close' }
  | { readonly call: 'drain'; readonly withinMs: number }
  | { readonly call: 'measure'; readonly durationMs: number }

export interface LoadQuestion {
  readonly id: number
  readonly ask: LoadCall
}

export type LoadAnswer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: string }

let fleet: LoadFleet | undefined

async function perform(ask: LoadCall): Promise<unknown> {
  if (ask.call === 'create') {
    fleet?.close()
    fleet = createLoadFleet(ask.options)
    return undefined
  }
  if (!fleet) throw new Error('create a fleet first')
  switch (ask.call) {
    case 'open':
      return fleet.open(ask.target)
    case 'start':
      return fleet.start(ask.pace)
    case 'drain':
      return fleet.drain(ask.withinMs)
    case 'measure':
      return fleet.measure(ask.durationMs)
    default:
      return fleet[ask.call]()
  }
}

process.on('message', ({ id, ask }: LoadQuestion) => {
  perform(ask).then(
    (result) => answer({ id, result }),
    (error: unknown) => answer({ id, failure: error instanceof Error ? error.message : String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))

function answer(message: LoadAnswer): void {
  process.send?.(message)
}
