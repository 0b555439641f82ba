import type { LiveView } from '../../contracts/live.ts'
import { type LiveArea, tileKeysOf } from '../../contracts/live-area.ts'
import { encodeCatchUp } from './catch-up.ts'
import type { CityState } from './city-state.ts'
import type { Packet } from './packet.ts'
import { type DeviceParts, isInView, type Step } from './step.ts'

/** Viewers who look at the same part of the city; whatever is encoded for one of them serves all. */
export interface ViewGroup {
  readonly key: string
  /** Replaced, never changed, when the number of devices in it calls for another level of detail. */
  view: LiveView
  readonly tiles: readonly number[]
  memberCount: number
  /** Packets of the newest step and the parts they are made of, by what they follow on. */
  readonly packets: Map<string, Packet>
  readonly parts: Map<string, DeviceParts>
  /** Packets and parts belong to this state of the log. */
  cachedAtSeq: number
  countedAtVersion: number
}

export interface ViewGroups {
  join(area: LiveArea | null, focus: readonly string[]): ViewGroup
  leave(group: ViewGroup): void
  /** Brings the level of detail up to date and forgets what was encoded for earlier steps. */
  refresh(group: ViewGroup, headSeq: number): void
  /** What changed in one step. */
  stepParts(group: ViewGroup, step: Step): DeviceParts
  /** What changed since any earlier one, or everything when `sinceSeq` is undefined. */
  catchUpParts(group: ViewGroup, sinceSeq: number | undefined): DeviceParts
  /** Lets go of what was encoded; a group may be a megabyte. */
  forget(): void
  readonly size: number
}

/** Detail comes back only when the number is this far below the limit, so that it does not flicker. */
const fullAgainShare = 0.8

export function createViewGroups(deps: {
  readonly city: CityState
  readonly devicesInFullMax: number
  readonly now: () => number
}): ViewGroups {
  const { city, devicesInFullMax, now } = deps
  const groups = new Map<string, ViewGroup>()

  function recount(group: ViewGroup): void {
    if (group.countedAtVersion === city.membershipVersion) return
    group.countedAtVersion = city.membershipVersion
    const { view } = group
    const count = countDevices(city, view)
    const limit = view.detail === 'full' ? devicesInFullMax : devicesInFullMax * fullAgainShare
    const detail = count > limit ? 'overview' : 'full'
    if (detail !== view.detail) group.view = { ...view, detail }
  }

  function catchUp(group: ViewGroup, sinceSeq: number | undefined): DeviceParts {
    return encodeCatchUp({
      devices: city.devices.values(),
      view: group.view,
      held: sinceSeq === undefined ? undefined : group.view,
      sinceSeq: sinceSeq ?? 0,
      atMs: now(),
    })
  }

  return {
    join(area, focusAsked) {
      const focus = [...new Set(focusAsked)].sort()
      const key = JSON.stringify([area, focus])
      let group = groups.get(key)
      if (group === undefined) {
        group = {
          key,
          view: { area, detail: 'full', focus },
          tiles: area === null ? [] : tileKeysOf(area),
          memberCount: 0,
          packets: new Map(),
          parts: new Map(),
          cachedAtSeq: -1,
          countedAtVersion: -1,
        }
        groups.set(key, group)
        recount(group)
      }
      group.memberCount++
      return group
    },
    leave(group) {
      if (--group.memberCount === 0) groups.delete(group.key)
    },
    refresh(group, headSeq) {
      const { view } = group
      recount(group)
      if (group.cachedAtSeq === headSeq && group.view === view) return
      group.cachedAtSeq = headSeq
      group.packets.clear()
      group.parts.clear()
    },
    stepParts: (group, step) => remember(group.parts, `step ${step.seq}`, () => step.partsFor(group.view, group.tiles)),
    catchUpParts: (group, sinceSeq) =>
      remember(group.parts, `since ${sinceSeq ?? 'ever'}`, () => catchUp(group, sinceSeq)),
    forget() {
      for (const { packets, parts } of groups.values()) {
        packets.clear()
        parts.clear()
      }
    },
    get size() {
      return groups.size
    },
  }
}

function countDevices(city: CityState, view: LiveView): number {
  if (view.area === null) return city.devices.size
  let count = 0
  for (const device of city.devices.values()) if (isInView(view, device)) count++
  return count
}

function remember<T>(cache: Map<string, T>, key: string, make: () => T): T {
  let value = cache.get(key)
  if (value === undefined) {
    value = make()
    cache.set(key, value)
  }
  return value
}
