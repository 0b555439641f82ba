import { useCallback, useState } from 'react'
import type { BoundingBox } from '../../../contracts/geo.ts'
import { DeviceFilterBar } from '../devices/device-filter-bar.tsx'
import { useQuery } from '../http/use-query.ts'
import { useActiveSos, useFocusedDevice } from '../live/use-live.ts'
import { setQueryParameter, useQueryParameter } from '../routing/router.ts'
import { useTheme } from '../theme/theme.ts'
import { useShortcuts } from '../ui/shortcuts.ts'
import { Failed, Loading } from '../ui/states.tsx'
import { DeviceList } from './device-list.tsx'
import { DevicePanel } from './device-panel.tsx'
import { loadGround } from './ground.ts'
import { MapCanvas } from './map-canvas.tsx'
import { MapLegend } from './map-legend.tsx'

type View = 'map' | 'list'

/** The city at a glance: a map, its list for keyboard and screen reader, and the device in question. */
export function MapPage() {
  const ground = useQuery('city', loadGround)
  const [selectedId, select] = useQueryParameter('device')
  const [sosId] = useQueryParameter('sos')
  const [view, setView] = useState<View>('map')
  const [box, setBox] = useState<BoundingBox>()
  const theme = useTheme()
  const selected = useFocusedDevice(selectedId)
  const presses = useActiveSos()
  const closePanel = useCallback(() => setQueryParameter('device', ''), [])
  useShortcuts('This page', [['Escape', 'Close the device panel', closePanel]])
  if (ground.error !== undefined && ground.data === undefined) {
    return <Failed what="the city map" error={ground.error} onRetry={ground.reload} />
  }
  if (ground.data === undefined) return <Loading what="the city map" />
  return (
    <div className="map-page" data-view={view} data-panel={selectedId !== ''}>
      <h1 className="unseen">City map</h1>
      <fieldset className="map-view-switch">
        <legend className="unseen">Show the city as</legend>
        {(['map', 'list'] as const).map((option) => (
          <button key={option} type="button" aria-pressed={view === option} onClick={() => setView(option)}>
            {option === 'map' ? 'Map' : 'List'}
          </button>
        ))}
      </fieldset>
      <aside className="map-side" aria-label="Devices in view">
        <DeviceFilterBar />
        <DeviceList box={box} selectedId={selectedId} onSelect={select} />
      </aside>
      <section className="map-stage" aria-label="Map">
        <MapCanvas
          key={theme}
          ground={ground.data}
          presses={presses}
          selected={selected}
          shownPress={presses.find(({ id }) => id === sosId)}
          onSelect={select}
          onMove={setBox}
        />
        <MapLegend box={box} />
        {ground.data.config.demo && <p className="map-demo">Demo city: simulated devices</p>}
      </section>
      {selectedId !== '' && <DevicePanel id={selectedId} onClose={closePanel} />}
    </div>
  )
}
