import type { SosIntake } from '../../contracts/ports/sos.ts'
import type { Service } from '../../contracts/service.ts'
import {
  openSosStates,
  type SosEvidence,
  type SosOutcome,
  type SosPosition,
  type SosPress,
  type SosPressEntry,
  type SosRecord,
  type SosShare,
  type SosTimelineEntry,
} from '../../contracts/sos.ts'
import { type SosCase, toOwnersCase } from '../../contracts/sos-owner-view.ts'
import type { Page, SosQuery } from '../../store/index.ts'
import { type Cancel, createCancelling } from './cancelling.ts'
import { createSosClock } from './clock.ts'
import { sosClockDefaults } from './clockwork.ts'
import { createEvidence, type NewEvidence } from './evidence.ts'
import { createHandling, type SosHandling } from './handling.ts'
import { createOpenBook } from './open-book.ts'
import { type Call, createPresses, type Pressed } from './presses.ts'
import { createLocalHours } from './severity.ts'
import { createShares } from './shares.ts'
import type { SosDeskDeps, SosTools } from './sos-deps.ts'
import { findSos } from './steps.ts'
import { createTracking, type NewPosition } from './tracking.ts'

/** @throws AppError `sos-not-found` where an id is given, `sos-illegal-transition`, `sos-closed`; more: see each file */
export interface SosDesk extends SosIntake, Service {
  press(press: SosPress): Promise<Pressed>
  /** A call for help by anything but a wearable. */
  call(call: Call): Promise<Pressed>
  get(sosId: string): Promise<SosRecord>
  /** @throws AppError `sos-not-found` */
  getByRoom(roomId: string): Promise<SosRecord>
  /** Newest first. */
  list(query: SosQuery): Promise<Page<SosRecord>>
  presses(sosId: string): Promise<readonly SosPressEntry[]>
  timeline(sosId: string): Promise<readonly SosTimelineEntry[]>
  /** Oldest first, the newest 1,000. */
  trail(sosId: string): Promise<readonly SosPosition[]>
  /** What its owner is shown of it, under duress too. */
  ownerView(sos: SosRecord): Promise<SosCase>
  /** @throws AppError `not-your-sos`, `sos-pin-required`, `wrong-sos-pin`, `too-many-sign-ins` */
  cancel(cancel: Cancel): Promise<SosRecord>
  acknowledge(handling: SosHandling): Promise<SosRecord>
  setStatus(handling: SosHandling & { readonly to: 'acknowledged' | 'dispatched' | 'on-scene' }): Promise<SosRecord>
  resolve(handling: SosHandling & { readonly outcome?: SosOutcome | undefined }): Promise<SosRecord>
  note(handling: SosHandling & { readonly note: string }): Promise<SosRecord>
  merge(handling: SosHandling & { readonly into: string }): Promise<SosRecord>
  addPosition(position: NewPosition): Promise<SosRecord>
  checkIn(options: { readonly sosId: string; readonly by: string }): Promise<SosRecord>
  addEvidence(evidence: NewEvidence): Promise<SosEvidence>
  evidenceOf(sosId: string): Promise<readonly SosEvidence[]>
  openEvidence(options: {
    readonly sosId: string
    readonly evidenceId: string
    readonly by: string
  }): Promise<{ readonly evidence: SosEvidence; readonly content: AsyncIterable<Uint8Array> }>
  share(options: {
    readonly sosId: string
    readonly by: string
    readonly expiresInS: number
  }): Promise<{ readonly share: SosShare; readonly token: string }>
  openShare(token: string): Promise<{ readonly share: SosShare; readonly sos: SosRecord }>
  revokeShare(options: { readonly sosId: string; readonly shareId: string; readonly by: string }): Promise<void>
  /** Does what the clock has to do at this moment; every second once started. @returns how many were due */
  tick(): Promise<number>
}

const tickEveryMs = 1000
const trailCountMax = 1000
const listLimit = 1000

/** Takes calls for help, follows them to their end, and keeps what happened. */
export function createSosDesk(deps: SosDeskDeps): SosDesk {
  const tools: SosTools = {
    ...deps,
    log: deps.log ?? { warn() {}, error() {} },
    clock: { ...sosClockDefaults, ...deps.clock },
    localHour: createLocalHours(deps.timeZone ?? 'Asia/Kolkata'),
    book: createOpenBook(deps.ownerOf ?? (() => undefined)),
  }
  const { records, bus, book, log } = tools
  const tracking = createTracking(tools)
  const handling = createHandling(tools)
  const tick = createSosClock(tools)
  let timer: NodeJS.Timeout | undefined
  let ticking: Promise<unknown> | undefined
  let unsubscribe: (() => void) | undefined

  async function loadBook(): Promise<void> {
    let cursor: string | undefined
    do {
      const page = await records.sos.list({ states: openSosStates, limit: listLimit, cursor })
      for (const sos of page.items) {
        book.put(sos)
        for (const deviceId of await records.sos.devicesOf(sos.id)) book.put(sos, deviceId)
      }
      cursor = page.nextCursor
    } while (cursor !== undefined)
  }

  function tickInTurn(): void {
    // A tick that takes long makes the next one late, not a second one beside it.
    ticking ??= tick()
      .catch((error: unknown) => log.error({ err: error }, 'what is due of SOS could not be read'))
      .finally(() => {
        ticking = undefined
      })
  }

  return {
    name: 'sos-desk',
    async start() {
      unsubscribe = bus.subscribe('device-location', tracking.onDeviceLocation)
      await loadBook()
      // What fell due while nobody ran.
      tickInTurn()
      timer = setInterval(tickInTurn, tickEveryMs)
    },
    async stop() {
      clearInterval(timer)
      unsubscribe?.()
      await ticking
    },
    ...createPresses(tools),
    ...createEvidence(tools),
    ...createShares(tools),
    ...handling,
    acknowledge: (options) => handling.setStatus({ ...options, to: 'acknowledged' }),
    cancel: createCancelling(tools),
    addPosition: tracking.addPosition,
    checkIn: tracking.checkIn,
    tick,
    get: (sosId) => findSos(records, sosId),
    async getByRoom(roomId) {
      const sos = await records.sos.findByRoom(roomId)
      return sos ?? findSos(records, 'of that room')
    },
    list: records.sos.list,
    async presses(sosId) {
      await findSos(records, sosId)
      return records.sos.presses(sosId)
    },
    async timeline(sosId) {
      await findSos(records, sosId)
      return records.sos.timeline(sosId)
    },
    async trail(sosId) {
      await findSos(records, sosId)
      return records.sos.trail(sosId, { countMax: trailCountMax })
    },
    async ownerView(sos) {
      const trail = await records.sos.trail(sos.id, { countMax: trailCountMax })
      return toOwnersCase({ sos, trail, timeline: await records.sos.timeline(sos.id) })
    },
  }
}
