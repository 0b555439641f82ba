import type { Bus } from '../../../contracts/bus.ts'
import { createSosDesk } from '../../../safety/index.ts'
import type { Records } from '../../../store/index.ts'
import { aDevice, aPress, startMs } from '../../store/records/fixture.ts'

/** Where in a step the process dies: with all written and nothing committed, with nobody told, with nobody answered. */
export const killPoints = ['before-commit', 'before-fan-out', 'before-acknowledgement'] as const
export type KillPoint = (typeof killPoints)[number]
/** What is under way when it dies. */
export const killSteps = ['press', 'activate', 'dispatch', 'cancel'] as const
export type KillStep = (typeof killSteps)[number]

interface StoryDeps {
  readonly records: Records
  readonly bus: Bus
  readonly duringStep?: NonNullable<Parameters<typeof createSosDesk>[0]['duringStep']>
}

/** Asha, her wearable, and one step of her SOS: the same for whoever dies in it and whoever comes after and tries again. */
export function aStory({ records, bus, duringStep }: StoryDeps) {
  const clock = { nowMs: startMs }
  const desk = createSosDesk({ records, bus, now: () => clock.nowMs, ...(duringStep && { duringStep }) })
  const press = () => desk.press(aPress({ seq: 1, receivedAtMs: clock.nowMs }))

  async function findAsha(): Promise<string> {
    const known = await records.users.find({ type: 'username', value: 'asha' })
    if (known) return known.id
    const { id } = await records.users.create({ username: 'asha', name: 'Asha Rao', role: 'citizen' })
    await records.users.update(id, { settings: { preferences: { sosCountdownS: 10 } } })
    await records.devices.register(aDevice({ id: 'band-1', ownerId: id }))
    return id
  }

  async function findSosId(): Promise<string> {
    const { items } = await records.sos.list({ limit: 1 })
    return items[0]!.id
  }

  return {
    desk,
    clock,
    /** All that comes before the step. */
    async prepare(step: KillStep): Promise<void> {
      const asha = await findAsha()
      if (step === 'activate') {
        const call = { source: 'app', ownerId: asha, actor: asha, trigger: 'manual', receivedAtMs: startMs } as const
        await desk.call(call)
      } else if (step !== 'press') await press()
      clock.nowMs += 20_000
    },
    async take(step: KillStep): Promise<unknown> {
      switch (step) {
        case 'press':
          return press()
        case 'activate':
          return desk.tick()
        case 'dispatch':
          return desk.setStatus({ sosId: await findSosId(), by: 'ravi', to: 'dispatched' })
        case 'cancel':
          return desk.cancel({ sosId: await findSosId(), by: await findAsha() })
      }
    },
  }
}
