import { AppError } from '../../contracts/errors.ts'
import { positionSchema } from '../../contracts/geo.ts'
import { isOpenSos, type SosCall, type SosLocation, type SosPress, type SosRecord } from '../../contracts/sos.ts'
import type { NewPress, NewSos, Repositories } from '../../store/index.ts'
import { rateSeverity } from './severity.ts'
import type { SosTools } from './sos-deps.ts'
import { writeChange } from './steps.ts'

export interface Pressed {
  readonly sos: SosRecord
  readonly isNew: boolean
}

/** Who calls, as the timeline names them. */
export interface Call extends SosCall {
  readonly actor: string
}

/** A press delivered again within this time is the same press, even when its SOS was closed in between. */
const resendWindowMs = 120_000
const countdownSMax = 30

/** Takes calls for help: first on disk, then on the bus. */
export function createPresses(tools: SosTools) {
  const { records, bus, book, now, clock, localHour } = tools

  async function take(
    press: NewPress,
    actor: string,
    readOpens: (repositories: Repositories) => Promise<OpensInput> | OpensInput,
  ): Promise<Pressed> {
    const outcome = await records.urgently(async (repositories) => {
      const input = await readOpens(repositories)
      const pressed = await repositories.sos.press(press, { opens: toOpens(press, input), resendWindowMs })
      if (pressed.isRepeat) return { ...pressed, wasCountdown: false }
      const sos = await writePress(repositories, press, actor, { ...pressed, countdownS: input.countdownS })
      return { ...pressed, sos, wasCountdown: !pressed.isNew && pressed.sos.state === 'countdown' }
    })
    const { sos, isRepeat, wasCountdown } = outcome
    book.put(sos, press.deviceId)
    const isNew = outcome.isNew || (wasCountdown && sos.state === 'active')
    if (sos.state === 'countdown') bus.publish('sos-changed', { sos, action: 'pressed' })
    // A press that comes again may be one whose news was lost with a crash. Only what is over needs no second telling.
    else if (!isRepeat || isOpenSos(sos)) bus.publish('sos-pressed', { sos, isNew })
    return { sos, isNew: outcome.isNew }
  }

  function toOpens(press: NewPress, { countdownS, ...person }: OpensInput): NewSos {
    const { receivedAtMs } = press
    const { severity, reasons } = rateSeverity({
      trigger: press.trigger,
      batteryPct: press.batteryPct,
      pressCount: 1,
      isDuress: false,
      pinFailures: 0,
      localHour: localHour(receivedAtMs),
    })
    const shared = { ...person, severity, severityReasons: reasons }
    if (countdownS > 0) {
      const countdownEndsAtMs = now() + countdownS * 1000
      return { ...shared, state: 'countdown', countdownEndsAtMs, dueAtMs: countdownEndsAtMs }
    }
    const { escalateAfterMs, superviseAfterMs, silentAfterMs } = clock
    const dueAtMs = receivedAtMs + Math.min(escalateAfterMs, superviseAfterMs, silentAfterMs)
    return { ...shared, state: 'active', policeNotifiedAtMs: receivedAtMs, dueAtMs }
  }

  /** All that belongs to a press beside its row. */
  async function writePress(
    repositories: Repositories,
    press: NewPress,
    actor: string,
    pressed: { sos: SosRecord; isNew: boolean; isFirstOfDevice: boolean; countdownS: number },
  ): Promise<SosRecord> {
    const { isNew, isFirstOfDevice, countdownS } = pressed
    const { source, deviceId, trigger, location, observedAtMs, receivedAtMs, batteryPct } = press
    const sosId = pressed.sos.id
    await repositories.sos.note({
      sosId,
      atMs: receivedAtMs,
      actor,
      action: 'pressed',
      ...(isNew && { to: pressed.sos.state }),
      detail: { source, trigger },
    })
    if (location) {
      // Where somebody says they are when they press is where help goes.
      const at = { sosId, source, deviceId, observedAtMs, receivedAtMs, batteryPct, ...location, isPlausible: true }
      await repositories.sos.addPosition(at)
    }
    const sos = isNew
      ? pressed.sos
      : await writeJoin(repositories, pressed.sos, { atMs: receivedAtMs, actor, countdownS })
    if (isFirstOfDevice && deviceId !== undefined) {
      await repositories.commands.tell({ deviceId, name: 'sos-received', body: { sosId } })
    }
    await tellAlong(repositories, sos, isNew)
    return sos
  }

  /** A press that joins ends a countdown, unless it has one of its own; it says that the person is there, and means it. */
  async function writeJoin(
    repositories: Repositories,
    before: SosRecord,
    { atMs, actor, countdownS }: { atMs: number; actor: string; countdownS: number },
  ): Promise<SosRecord> {
    const activates = before.state === 'countdown' && countdownS === 0
    const isHeardAgain = before.silentSinceMs !== undefined
    const sos = await writeChange(tools, repositories, before, {
      ...(activates && { state: 'active' as const, countdownEndsAtMs: null, policeNotifiedAtMs: atMs }),
      ...(isHeardAgain && { silentSinceMs: null }),
      // Whoever was made to cancel, and calls again, is shown their SOS again.
      ...(before.isDuress && { cancelledAtMs: null }),
    })
    const entry = { sosId: sos.id, atMs, actor }
    if (activates) await repositories.sos.note({ ...entry, action: 'activated', from: 'countdown', to: 'active' })
    if (isHeardAgain) await repositories.sos.note({ ...entry, action: 'heard-again' })
    return sos
  }

  async function tellAlong(repositories: Repositories, sos: SosRecord, isNew: boolean): Promise<void> {
    try {
      await tools.duringStep?.(repositories, { sos, action: 'pressed', isNew })
    } catch (error) {
      tools.log.error({ err: error, sosId: sos.id }, 'what belongs to a press could not be written; the press stands')
    }
  }

  return {
    press(press: SosPress): Promise<Pressed> {
      const usable = keepUsable(press)
      return take({ ...usable, source: 'wearable' }, `device:${press.deviceId}`, () => ({ countdownS: 0 }))
    },
    /** @throws AppError `user-not-found` when it is for an account that there is not */
    call(call: Call): Promise<Pressed> {
      const { source, trigger, receivedAtMs, batteryPct, ownerId, personName, personPhone, message, address } = call
      const press: NewPress = {
        source,
        trigger,
        receivedAtMs,
        observedAtMs: receivedAtMs,
        batteryPct,
        location: call.location && usableLocation(call.location),
      }
      return take(press, call.actor, async ({ users }) => {
        const said = { personName, personPhone, message, address }
        if (ownerId === undefined) return { ...said, countdownS: 0 }
        const user = await users.get(ownerId)
        if (!user || user.state === 'erased') throw new AppError('not-found', 'user-not-found', 'there is no such user')
        const countdownS = source === 'app' || source === 'socket' ? readCountdownS(user.settings) : 0
        return {
          ...said,
          ownerId,
          countdownS,
          personName: personName ?? user.name,
          personPhone: personPhone ?? user.phone,
        }
      })
    },
  }
}

type OpensInput = Pick<NewSos, 'ownerId' | 'personName' | 'personPhone' | 'message' | 'address'> & {
  readonly countdownS: number
}

/** Seconds a person gave themselves to take an SOS back, `preferences.sosCountdownS`; none unless they said so. */
export function readCountdownS(settings: Readonly<Record<string, unknown>>): number {
  const { preferences } = settings as { preferences?: { sosCountdownS?: unknown } }
  const countdownS = Number(preferences?.sosCountdownS ?? 0)
  return Number.isFinite(countdownS) ? Math.min(Math.max(0, countdownS), countdownSMax) : 0
}

/** No fault in what a press says about itself may stop it: what cannot be stored is left out. */
function keepUsable(press: SosPress): SosPress {
  const { seq, location, batteryPct, observedAtMs, receivedAtMs } = press
  return {
    ...press,
    observedAtMs: Number.isSafeInteger(observedAtMs) ? observedAtMs : receivedAtMs,
    seq: Number.isSafeInteger(seq) ? seq : undefined,
    location: location && usableLocation(location),
    batteryPct: Number.isFinite(batteryPct) ? batteryPct : undefined,
  }
}

function usableLocation(location: SosLocation): SosLocation | undefined {
  if (!positionSchema.safeParse(location).success) return undefined
  const { accuracyM } = location
  return { ...location, accuracyM: Number.isFinite(accuracyM) ? accuracyM : undefined }
}
