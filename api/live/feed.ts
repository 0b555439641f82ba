import type { Alert } from '../../contracts/alert.ts'
import type { LiveView, LiveViewport } from '../../contracts/live.ts'
import { areaAround, type LiveArea } from '../../contracts/live-area.ts'
import type { SosRecord } from '../../contracts/sos.ts'
import { createCityLog } from './city-log.ts'
import type { CityState } from './city-state.ts'
import type { LiveOptions } from './options.ts'
import { createTeller, type SystemLine, type TellerCounts } from './teller.ts'
import { createViewGroups, type ViewGroup } from './view-groups.ts'
import { createViewer, type Viewer } from './viewer.ts'

export interface FeedStats extends Readonly<TellerCounts> {
  readonly viewers: number
  /** Viewers that at the last look had no room for what there was for them. */
  readonly behind: number
  readonly groups: number
  readonly seq: number
  readonly logEvents: number
  readonly logBytes: number
}

export interface ResumePoint {
  readonly epoch: string
  readonly seq: number
  readonly view: LiveView
}

/** Keeps viewers in step with the city. Knows nothing of sockets, tokens or the bus. */
export interface Feed {
  addViewer(about: Pick<Viewer, 'connection' | 'seesSos' | 'sawPlaceOf'>): Viewer
  /** @returns whether it goes on from where it was; if not, it gets a snapshot */
  subscribe(viewer: Viewer, request: LiveViewport, resume: ResumePoint | undefined): boolean
  changeView(viewer: Viewer, request: LiveViewport): void
  /** Whoever may see more or less than before starts again from a snapshot. */
  setSeesSos(viewer: Viewer, seesSos: boolean): void
  setStanding(viewer: Viewer, isStanding: boolean): void
  removeViewer(viewer: Viewer): void
  announceAlert(alert: Alert): void
  /** Everybody who may see it has been sent it when this returns. */
  announceSos(sos: SosRecord): void
  /** Tells viewers what has changed in the city, at most every `stepEveryMs`. Call it whenever something has. */
  requestStep(): void
  /** Goes to everybody with the next step. @param text JSON of LiveSystem */
  setSystem(text: string): void
  stats(): FeedStats
  stop(): void
}

export interface FeedDeps {
  readonly epoch: string
  readonly city: CityState
  readonly options: LiveOptions
  readonly now: () => number
  readonly onError: (error: unknown) => void
}

export function createFeed({ epoch, city, options, now, onError }: FeedDeps): Feed {
  const viewers = new Set<Viewer>()
  const log = createCityLog({ epoch, city, limits: options.log, now })
  const groups = createViewGroups({ city, devicesInFullMax: options.devicesInFullMax, now })
  let system: SystemLine = { number: 0, text: 'null' }
  const teller = createTeller({ city, log, groups, options, now, systemLine: () => system })
  let systemToldNumber = 0
  let steppedAtMs = Number.NEGATIVE_INFINITY
  let stepTimer: NodeJS.Timeout | undefined
  let isTelling = false
  let isStepWanted = false
  let isStopped = false
  let alertsSinceStep = 0
  let sosSinceStep = 0
  let behind = 0

  function requestStep(): void {
    isStepWanted = true
    if (isTelling || stepTimer !== undefined || isStopped) return
    // Never in the caller's turn: it may be holding the acknowledgement of a panic press.
    stepTimer = setTimeout(takeStep, Math.max(0, steppedAtMs + options.stepEveryMs - performance.now()))
  }

  function takeStep(): void {
    stepTimer = undefined
    steppedAtMs = performance.now()
    isStepWanted = false
    alertsSinceStep = 0
    sosSinceStep = 0
    log.takeStep()
    isTelling = true
    tellViewers()
      .catch(onError)
      .finally(() => {
        isTelling = false
        if (isStepWanted || behind > 0) requestStep()
      })
  }

  /** In slices: a press of a button must not wait until a thousand screens have been written to. */
  async function tellViewers(): Promise<void> {
    const systemNew = systemToldNumber === system.number ? undefined : system
    systemToldNumber = system.number
    behind = 0
    let sliceStartMs = performance.now()
    for (const viewer of [...viewers]) {
      const { group } = viewer
      if (group !== undefined && !viewer.isStanding && !teller.tell(viewer, group, systemNew)) behind++
      if (performance.now() - sliceStartMs < options.sliceMsMax) continue
      await new Promise((resolve) => setImmediate(resolve))
      sliceStartMs = performance.now()
    }
    groups.forget()
  }

  /** At once, unless that was just done: who asks all the time is served with the steps. */
  function fillSoon(viewer: Viewer): void {
    const { group } = viewer
    if (group === undefined || viewer.isStanding) return
    const isEarly = now() - viewer.filledAtMs < options.stepEveryMs
    if (isEarly || !teller.fill(viewer, group)) requestStep()
  }

  function place(viewer: Viewer, { viewport, focus }: LiveViewport): ViewGroup {
    const area: LiveArea | null = viewport === null || viewport === undefined ? null : areaAround(viewport)
    const group = groups.join(area, focus ?? [])
    if (viewer.group !== undefined) groups.leave(viewer.group)
    viewer.group = group
    return group
  }

  return {
    addViewer(about) {
      const viewer = createViewer(about)
      viewers.add(viewer)
      return viewer
    },
    subscribe(viewer, request, resume) {
      const group = place(viewer, request)
      const resumed =
        resume !== undefined &&
        resume.epoch === epoch &&
        log.reaches(resume.seq) &&
        resume.view.detail === group.view.detail
      viewer.held = resumed ? sameObjectIfEqual(resume.view, group.view) : undefined
      viewer.toldSeq = resumed ? resume.seq : 0
      viewer.coveredSeq = viewer.toldSeq
      fillSoon(viewer)
      return resumed
    },
    changeView(viewer, request) {
      place(viewer, request)
      fillSoon(viewer)
    },
    setSeesSos(viewer, seesSos) {
      if (viewer.seesSos === seesSos) return
      viewer.seesSos = seesSos
      viewer.held = undefined
      requestStep()
    },
    setStanding(viewer, isStanding) {
      viewer.isStanding = isStanding
      if (!isStanding) fillSoon(viewer)
    },
    removeViewer(viewer) {
      viewers.delete(viewer)
      if (viewer.group !== undefined) groups.leave(viewer.group)
      viewer.group = undefined
    },
    announceAlert(alert) {
      const event = log.append('alert', JSON.stringify(alert))
      if (++alertsSinceStep <= options.alertsAtOnceMax) teller.announce(viewers, event)
      requestStep()
    },
    announceSos(sos) {
      const event = log.append('sos', JSON.stringify(sos), sos.location && sos.id)
      if (++sosSinceStep <= options.sosAtOnceMax) teller.announce(viewers, event)
      requestStep()
    },
    requestStep,
    setSystem(text) {
      system = { number: system.number + 1, text }
      requestStep()
    },
    stats: () => ({
      viewers: viewers.size,
      behind,
      groups: groups.size,
      seq: log.headSeq,
      logEvents: log.eventCount,
      logBytes: log.bytes,
      ...teller.counts,
    }),
    stop() {
      isStopped = true
      clearTimeout(stepTimer)
    },
  }
}

/** The very object when it says the same: a catch-up is then encoded once for all who come back together. */
function sameObjectIfEqual(held: LiveView, view: LiveView): LiveView {
  const text = ({ area, detail, focus }: LiveView) =>
    JSON.stringify([area && [area.level, area.x, area.y, area.width, area.height], detail, focus])
  return text(held) === text(view) ? view : held
}
