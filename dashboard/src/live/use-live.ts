import { useEffect, useMemo, useSyncExternalStore } from 'react'
import type { Alert } from '../../../contracts/alert.ts'
import type { LiveDevice, LiveSystem } from '../../../contracts/live.ts'
import type { SocketNotice } from '../../../contracts/ports/outbox.ts'
import type { SosRecord } from '../../../contracts/sos.ts'
import { type Connection, createLiveFeed } from './feed.ts'
import type { LiveTopic } from './live-store.ts'

/** One feed for the whole app, whatever page is shown. */
export const feed = createLiveFeed()
const { store } = feed

function useVersion(topic: LiveTopic): number {
  return useSyncExternalStore(
    (listener) => store.subscribe(topic, listener),
    () => store.version(topic),
  )
}

export function useConnection(): Connection {
  return useSyncExternalStore(feed.subscribe, feed.connection)
}

export function useNotices(): readonly SocketNotice[] {
  return useSyncExternalStore(feed.subscribe, feed.notices)
}

/** The table of devices with a number that rises as it changes; memoise on the number. */
export function useLiveDevices(): { readonly devices: ReadonlyMap<string, LiveDevice>; readonly version: number } {
  const version = useVersion('devices')
  return { devices: store.devices, version }
}

export function useLiveDevice(id: string): LiveDevice | undefined {
  return useSyncExternalStore(
    (listener) => store.subscribe('devices', listener),
    () => store.devices.get(id),
  )
}

/** While shown, the device is told of in full even when it is out of view. */
export function useFocusedDevice(id: string): LiveDevice | undefined {
  useEffect(() => (id === '' ? undefined : feed.focusOn(id)), [id])
  return useLiveDevice(id)
}

/** The open alerts and those resolved while we looked on. */
export function useLiveAlerts(): readonly Alert[] {
  const version = useVersion('alerts')
  // biome-ignore lint/correctness/useExhaustiveDependencies: the table changes in place, its version says when
  return useMemo(() => [...store.openAlerts.values(), ...store.closedAlerts.values()], [version])
}

export function useOpenAlertCount(): number {
  return useSyncExternalStore(
    (listener) => store.subscribe('alerts', listener),
    () => store.openAlerts.size + store.alertsOmitted,
  )
}

/** Newest first. */
export function useActiveSos(): readonly SosRecord[] {
  const version = useVersion('sos')
  // biome-ignore lint/correctness/useExhaustiveDependencies: the table changes in place, its version says when
  return useMemo(() => [...store.sos.values()].sort((a, b) => b.receivedAtMs - a.receivedAtMs), [version])
}

export function useSystemHistory(): readonly LiveSystem[] {
  return useSyncExternalStore(
    (listener) => store.subscribe('system', listener),
    () => store.systemHistory,
  )
}
