import { AppError } from '../../contracts/errors.ts'
import type { BusEvents } from '../../contracts/events.ts'
import { isOpenSos, type SosLocation, type SosPosition, type SosRecord, type SosSource } from '../../contracts/sos.ts'
import { toOwnerView } from '../../contracts/sos-owner-view.ts'
import type { Repositories } from '../../store/index.ts'
import { fixesWorthKnowing, isPlausible } from './plausibility.ts'
import type { SosTools } from './sos-deps.ts'
import { findSos, writeChange, writeStep } from './steps.ts'

export interface NewPosition {
  readonly sosId: string
  readonly by: string
  readonly source: SosSource
  readonly deviceId?: string | undefined
  readonly location: SosLocation
  readonly observedAtMs: number
  readonly batteryPct?: number | undefined
  readonly address?: string | undefined
}

/** Where the person is: every position is kept, those that nobody can have jumped to become the place of the SOS. */
export function createTracking(tools: SosTools) {
  const { records, bus, book, now, log } = tools

  async function write(repositories: Repositories, before: SosRecord, at: NewPosition) {
    const receivedAtMs = now()
    const { location, observedAtMs, source, deviceId, batteryPct, address } = at
    const earlier = await repositories.sos.trail(before.id, { countMax: fixesWorthKnowing })
    const position: SosPosition = {
      ...location,
      sosId: before.id,
      source,
      deviceId,
      observedAtMs,
      receivedAtMs,
      batteryPct,
      isPlausible: isPlausible({ ...location, observedAtMs }, earlier),
    }
    await repositories.sos.addPosition(position)
    // A position that was long on its way says where somebody was, not where they are.
    const isNewest = earlier.every((fix) => !fix.isPlausible || fix.observedAtMs <= observedAtMs)
    const sos = await writeSeen(repositories, before, at.by, {
      ...(position.isPlausible && isNewest && { location, ...(address !== undefined && { address }) }),
      ...(batteryPct !== undefined && { batteryPct }),
    })
    return { position, ...sos }
  }

  /** That somebody was heard of, with what else is new. */
  async function writeSeen(
    repositories: Repositories,
    before: SosRecord,
    actor: string,
    change: Parameters<typeof writeChange>[3],
  ): Promise<{ readonly sos: SosRecord; readonly isHeardAgain: boolean }> {
    const seen = { ...change, lastSeenAtMs: now() }
    if (before.silentSinceMs === undefined) {
      return { sos: await writeChange(tools, repositories, before, seen), isHeardAgain: false }
    }
    const plan = { action: 'heard-again', actor, change: { ...seen, silentSinceMs: null } } as const
    return { sos: await writeStep(tools, repositories, before, plan), isHeardAgain: true }
  }

  /**
   * @returns the SOS with the position in its trail
   * @throws AppError `sos-not-found`, `sos-closed`
   */
  async function addPosition(at: NewPosition): Promise<SosRecord> {
    const { sos, position, isHeardAgain } = await records.transaction(async (repositories) => {
      const before = await findSos(repositories, at.sosId)
      if (!isOpenSos(before)) throw closed(before)
      return write(repositories, before, at)
    })
    if (isHeardAgain) bus.publish('sos-changed', { sos, action: 'heard-again' })
    // A countdown is nobody's business yet.
    if (sos.state !== 'countdown') bus.publish('sos-position', { sos, position })
    assertOpenFor(at.by, sos)
    return sos
  }

  /** Somebody has heard from the person, or the person says that they are still there. */
  async function checkIn({ sosId, by }: { readonly sosId: string; readonly by: string }): Promise<SosRecord> {
    const sos = await records.transaction(async (repositories) => {
      const before = await findSos(repositories, sosId)
      if (!isOpenSos(before)) throw closed(before)
      const change = { lastSeenAtMs: now(), silentSinceMs: null }
      return writeStep(tools, repositories, before, { action: 'checked-in', actor: by, change })
    })
    bus.publish('sos-changed', { sos, action: 'checked-in' })
    assertOpenFor(by, sos)
    return sos
  }

  return {
    addPosition,
    checkIn,
    /** What a device says of where it is counts when it, or the person it belongs to, has called for help. */
    onDeviceLocation({
      deviceId,
      latitude,
      longitude,
      accuracyM,
      batteryPct,
      observedAtMs,
    }: BusEvents['device-location']) {
      const sosId = book.findOf(deviceId)
      if (sosId === undefined || !book.takePosition(sosId, now())) return
      const location = { latitude, longitude, accuracyM }
      const by = `device:${deviceId}`
      addPosition({ sosId, by, source: 'wearable', deviceId, location, batteryPct, observedAtMs }).catch(
        (error: unknown) => {
          // Closed meanwhile: nobody looks for the person any more.
          if (!(error instanceof AppError && error.code === 'sos-closed'))
            log.error({ err: error, sosId }, 'position lost')
        },
      )
    },
  }
}

/** Under duress what the owner says is taken, and answered as if it had been cancelled. */
function assertOpenFor(by: string, sos: SosRecord): void {
  const shown = toOwnerView(sos)
  if (by === sos.ownerId && !isOpenSos(shown)) throw closed(shown)
}

function closed({ id, state }: SosRecord): AppError {
  return new AppError('conflict', 'sos-closed', `SOS ${id} is ${state}`)
}
