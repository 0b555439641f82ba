import { useEffect, useMemo, useState } from 'react'
import type { LiveDevice } from '../../../contracts/live.ts'
import { useLiveDevices } from '../live/use-live.ts'
import { compareDevices, createDeviceTest, useDeviceFilter } from './device-filter.ts'

/** Sorting ten thousand rows is worth doing once a second, not at every delta. */
const sortEveryMs = 1000

export interface DeviceRows {
  readonly rows: readonly LiveDevice[]
  /** All devices known, whether they pass the filter or not. */
  readonly total: number
}

/** The devices that pass the filter, worst first. */
export function useDeviceRows(alsoShown: (device: LiveDevice) => boolean = always): DeviceRows {
  const { kind, state, text } = useDeviceFilter()
  const { devices, version } = useLiveDevices()
  const slowVersion = useSlowly(version, sortEveryMs)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the table changes in place, its version says when
  return useMemo(() => {
    const passes = createDeviceTest({ kind, state, text })
    const rows: LiveDevice[] = []
    for (const device of devices.values()) if (passes(device) && alsoShown(device)) rows.push(device)
    return { rows: rows.sort(compareDevices), total: devices.size }
  }, [devices, slowVersion, kind, state, text, alsoShown])
}

function always(): boolean {
  return true
}

/** The newest value at most once per interval, and the last one for certain. */
function useSlowly(value: number, everyMs: number): number {
  const [slow, setSlow] = useState({ value, atMs: 0 })
  useEffect(() => {
    if (value === slow.value) return
    const waitMs = Math.max(0, slow.atMs + everyMs - performance.now())
    const timer = setTimeout(() => setSlow({ value, atMs: performance.now() }), waitMs)
    return () => clearTimeout(timer)
  }, [value, slow, everyMs])
  return slow.value
}
