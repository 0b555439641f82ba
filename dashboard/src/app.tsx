import { type ComponentType, lazy, Suspense, useEffect } from 'react'
import { AlertsPage } from './alerts/alerts-page.tsx'
import { DevicePage } from './devices/device-page.tsx'
import { DevicesPage } from './devices/devices-page.tsx'
import { feed } from './live/use-live.ts'
import { QuarantinePage } from './quarantine/quarantine-page.tsx'
import { matchPath } from './routing/match-path.ts'
import { paths, usePath } from './routing/router.ts'
import { useSession } from './session/session.ts'
import { SignInPage } from './session/sign-in-page.tsx'
import { Shell } from './shell.tsx'
import { SystemPage } from './system/system-page.tsx'
import { Empty, Loading } from './ui/states.tsx'

// The map library is most of the app's weight; the other pages do not wait for it.
const MapPage = lazy(() => import('./city-map/map-page.tsx').then((module) => ({ default: module.MapPage })))

interface Route {
  readonly pattern: string
  readonly title: string
  readonly Page: ComponentType<{ id: string }>
}

const routes: readonly Route[] = [
  { pattern: paths.map, title: 'City map', Page: MapPage },
  { pattern: paths.devices, title: 'Devices', Page: DevicesPage },
  { pattern: `${paths.devices}/:id`, title: 'Device', Page: DevicePage },
  { pattern: paths.alerts, title: 'Alerts', Page: AlertsPage },
  { pattern: paths.quarantine, title: 'Quarantine', Page: QuarantinePage },
  { pattern: paths.system, title: 'System', Page: SystemPage },
]

export function App() {
  const session = useSession()
  const isSignedIn = session.state === 'signed-in'
  useEffect(() => {
    if (!isSignedIn) return
    feed.start()
    return () => feed.stop()
  }, [isSignedIn])
  if (session.state === 'restoring') return <Loading what="your session" />
  if (session.state === 'signed-out') return <SignInPage notice={session.notice} />
  return (
    <Shell user={session.user}>
      <Suspense fallback={<Loading what="the page" />}>
        <CurrentPage />
      </Suspense>
    </Shell>
  )
}

function CurrentPage() {
  const path = usePath()
  const found = findRoute(path)
  const title = found?.title ?? 'Not found'
  useEffect(() => {
    document.title = `${title} · Prahari`
  }, [title])
  if (found === undefined) return <Empty title="There is no such page." />
  return <found.Page key={found.id} id={found.id} />
}

function findRoute(path: string): (Route & { readonly id: string }) | undefined {
  for (const route of routes) {
    const values = matchPath(route.pattern, path)
    if (values !== undefined) return { ...route, id: values.id ?? '' }
  }
  return undefined
}
