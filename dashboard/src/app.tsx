import { type ComponentType, lazy, Suspense, useEffect } from 'react'
import type { Capability } from '../../contracts/access.ts'
import { AlertsPage } from './alerts/alerts-page.tsx'
import { DevicePage } from './devices/device-page.tsx'
import { DevicesPage } from './devices/devices-page.tsx'
import { feed } from './live/use-live.ts'
import { homeOf } from './places.ts'
import { QuarantinePage } from './quarantine/quarantine-page.tsx'
import { Link } from './routing/link.tsx'
import { matchPath } from './routing/match-path.ts'
import { navigate, paths, usePath } from './routing/router.ts'
import { useMay } from './session/permissions.ts'
import { type Profile, useSession } from './session/session.ts'
import { SignInPage } from './session/sign-in-page.tsx'
import { forgetStaff } from './session/use-name-of-user.ts'
import { Shell } from './shell.tsx'
import { SystemPage } from './system/system-page.tsx'
import { useComfort } from './theme/comfort.ts'
import { Empty, Loading } from './ui/states.tsx'

// The map library is most of the app's weight; the other pages do not wait for it.
const MapPage = lazy(() => import('./city-map/map-page.tsx').then((module) => ({ default: module.MapPage })))
// Seldom opened, and of no use to whoever watches the city.
const ProfilePage = lazy(() => import('./profile/profile-page.tsx').then((module) => ({ default: module.ProfilePage })))
const SosPage = lazy(() => import('./sos/sos-page.tsx').then((module) => ({ default: module.SosPage })))
const UnitsPage = lazy(() => import('./dispatch/units-page.tsx').then((module) => ({ default: module.UnitsPage })))
const BroadcastPage = lazy(() =>
  import('./dispatch/broadcast-page.tsx').then((module) => ({ default: module.BroadcastPage })),
)
const RulesPage = lazy(() => import('./alerts/rules/rules-page.tsx').then((module) => ({ default: module.RulesPage })))
const UsersPage = lazy(() => import('./users/users-page.tsx').then((module) => ({ default: module.UsersPage })))
const AuditPage = lazy(() => import('./audit/audit-page.tsx').then((module) => ({ default: module.AuditPage })))
const RegisterDevicePage = lazy(() =>
  import('./devices/administration/register-device-page.tsx').then((module) => ({
    default: module.RegisterDevicePage,
  })),
)
const ImportPage = lazy(() =>
  import('./devices/administration/import-page.tsx').then((module) => ({ default: module.ImportPage })),
)
const ProvisioningKeysPage = lazy(() =>
  import('./devices/administration/provisioning-keys-page.tsx').then((module) => ({
    default: module.ProvisioningKeysPage,
  })),
)

interface Route {
  readonly pattern: string
  readonly title: string
  readonly Page: ComponentType<{ id: string }>
  /** What the page asks the server for; it is nothing to whoever may not. */
  readonly needs: Capability
}

/** The first that fits counts: `/devices/keys` is not a device. */
const routes: readonly Route[] = [
  { pattern: paths.map, title: 'City map', Page: MapPage, needs: 'live.watch' },
  { pattern: paths.devices, title: 'Devices', Page: DevicesPage, needs: 'readings.survey' },
  { pattern: paths.registerDevice, title: 'Register a device', Page: RegisterDevicePage, needs: 'devices.manage' },
  { pattern: paths.importDevices, title: 'Import devices', Page: ImportPage, needs: 'devices.manage' },
  {
    pattern: paths.provisioningKeys,
    title: 'Provisioning keys',
    Page: ProvisioningKeysPage,
    needs: 'provisioning.manage',
  },
  { pattern: `${paths.devices}/:id`, title: 'Device', Page: DevicePage, needs: 'readings.survey' },
  { pattern: paths.alerts, title: 'Alerts', Page: AlertsPage, needs: 'alerts.read' },
  // Officers read all of them and act on them; everybody else sees their own elsewhere.
  { pattern: paths.sos, title: 'SOS', Page: SosPage, needs: 'sos.act' },
  { pattern: paths.units, title: 'Units', Page: UnitsPage, needs: 'units.read' },
  { pattern: paths.broadcasts, title: 'Broadcasts', Page: BroadcastPage, needs: 'broadcasts.read' },
  { pattern: paths.alertRules, title: 'Alert rules', Page: RulesPage, needs: 'rules.read' },
  { pattern: paths.quarantine, title: 'Quarantine', Page: QuarantinePage, needs: 'quarantine.read' },
  { pattern: paths.system, title: 'System', Page: SystemPage, needs: 'system.read' },
  { pattern: paths.users, title: 'People', Page: UsersPage, needs: 'users.read' },
  { pattern: paths.audit, title: 'Audit', Page: AuditPage, needs: 'audit.read' },
  { pattern: paths.profile, title: 'Profile', Page: ProfilePage, needs: 'profile.read' },
]

export function App() {
  const session = useSession()
  if (session.state === 'restoring') return <Loading what="your session" />
  if (session.state === 'signed-out') return <SignInPage notice={session.notice} />
  // Somebody else gets an app of their own.
  return <SignedIn key={session.user.id} user={session.user} />
}

function SignedIn({ user }: { user: Profile }) {
  const isWatching = useMay('live.watch')
  useEffect(() => {
    if (!isWatching) return
    feed.start()
    return () => feed.stop()
  }, [isWatching])
  useEffect(() => forgetStaff, [])
  useComfort(user.accessibilitySettings)
  return (
    <Shell user={user}>
      <Suspense fallback={<Loading what="the page" />}>
        <CurrentPage home={homeOf(user.role)} />
      </Suspense>
    </Shell>
  )
}

function CurrentPage({ home }: { home: string }) {
  const path = usePath()
  const found = findRoute(path)
  const mayOpen = useMay(found?.needs ?? 'profile.read')
  // The address without a path is everybody's way in.
  const isElsewhere = path === paths.map && !mayOpen
  useEffect(() => {
    if (isElsewhere) navigate(home, { replace: true })
  }, [isElsewhere, home])
  const title = !mayOpen ? 'Not for your role' : (found?.title ?? 'Not found')
  useEffect(() => {
    document.title = `${title} · Prahari`
  }, [title])
  if (isElsewhere) return null
  if (found === undefined) return <Empty title="There is no such page." />
  if (!mayOpen) {
    return (
      <Empty title="This page is not for your role.">
        <Link to={home}>Back to where you start</Link>
      </Empty>
    )
  }
  return <found.Page key={found.id} id={found.id} />
}

function findRoute(path: string): (Route & { readonly id: string }) | undefined {
  for (const route of routes) {
    const values = matchPath(route.pattern, path)
    if (values !== undefined) return { ...route, id: values.id ?? '' }
  }
  return undefined
}
