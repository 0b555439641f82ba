import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react'
import { ConnectionBanner, FeedChip } from './live/connection-banner.tsx'
import { SosBanner } from './live/sos-banner.tsx'
import { useConnection, useOpenAlertCount } from './live/use-live.ts'
import { Link } from './routing/link.tsx'
import { navigate, paths, usePath } from './routing/router.ts'
import { type SignedInUser, signOut } from './session/session.ts'
import { chooseTheme, type ThemeChoice, themeChoices, useThemeChoice } from './theme/theme.ts'
import { HelpDialog } from './ui/help-dialog.tsx'
import { Icon, type IconName } from './ui/icons.tsx'
import { Logo } from './ui/logo.tsx'
import { useShortcuts } from './ui/shortcuts.ts'

const places: readonly {
  readonly to: string
  readonly label: string
  readonly icon: IconName
  readonly key: string
}[] = [
  { to: paths.map, label: 'Map', icon: 'map', key: 'm' },
  { to: paths.devices, label: 'Devices', icon: 'devices', key: 'd' },
  { to: paths.alerts, label: 'Alerts', icon: 'alerts', key: 'a' },
  { to: paths.quarantine, label: 'Quarantine', icon: 'quarantine', key: 'q' },
  { to: paths.system, label: 'System', icon: 'system', key: 's' },
]

/** What stands around every page: places to go, the state of the feed, SOS presses, help. */
export function Shell({ user, children }: { user: SignedInUser; children: ReactNode }) {
  const [helpOpen, setHelpOpen] = useState(false)
  const connection = useConnection()
  const path = usePath()
  const main = useRef<HTMLElement>(null)
  const top = useHeightAsToken('--top')
  const closeHelp = useCallback(() => setHelpOpen(false), [])
  useShortcuts('Everywhere', [
    ...places.map(({ to, label, key }): [string, string, () => void] => [
      `g ${key}`,
      `Go to ${label}`,
      () => navigate(to),
    ]),
    ['?', 'This help', () => setHelpOpen(true)],
  ])
  useFocusOnNewPage(path, main)
  return (
    <div className={connection.state === 'live' ? 'app' : 'app is-stale'}>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <div className="top" ref={top}>
        <header className="bar">
          <Link to={paths.map} className="brand" aria-label="Prahari, to the map">
            <Logo />
            <span>Prahari</span>
          </Link>
          <Places path={path} />
          <div className="bar-end">
            <FeedChip />
            <ThemeSwitch />
            <button type="button" className="quiet help-button" aria-label="Help" onClick={() => setHelpOpen(true)}>
              ?
            </button>
            <button type="button" className="quiet" title={`Signed in as ${user.email}`} onClick={() => void signOut()}>
              Sign out
            </button>
          </div>
        </header>
        <div className="banners">
          <SosBanner />
          <ConnectionBanner />
        </div>
      </div>
      <main id="main" ref={main} tabIndex={-1}>
        {children}
      </main>
      {helpOpen && <HelpDialog onClose={closeHelp} />}
    </div>
  )
}

/** Tells the stylesheet how high an element is, for what sticks below it: an SOS makes the top grow. */
function useHeightAsToken(token: string): (element: HTMLElement | null) => (() => void) | undefined {
  return useCallback(
    (element: HTMLElement | null) => {
      if (element === null) return
      const { style } = document.documentElement
      const resizes = new ResizeObserver(() => style.setProperty(token, `${element.offsetHeight}px`))
      resizes.observe(element)
      return () => resizes.disconnect()
    },
    [token],
  )
}

/** A new page is a new place for a screen reader too; the first one is where it starts anyway. */
function useFocusOnNewPage(path: string, main: { readonly current: HTMLElement | null }): void {
  const shown = useRef(path)
  useEffect(() => {
    if (shown.current === path) return
    shown.current = path
    main.current?.focus({ preventScroll: true })
    window.scrollTo(0, 0)
  }, [path, main])
}

function Places({ path }: { path: string }) {
  const openAlertCount = useOpenAlertCount()
  return (
    <nav className="places" aria-label="Pages">
      {places.map(({ to, label, icon }) => (
        <Link key={to} to={to} aria-current={isIn(path, to) ? 'page' : undefined}>
          <Icon name={icon} />
          <span>{label}</span>
          {to === paths.alerts && openAlertCount > 0 && (
            <span className="count">
              {openAlertCount}
              <span className="unseen"> open</span>
            </span>
          )}
        </Link>
      ))}
    </nav>
  )
}

function isIn(path: string, place: string): boolean {
  return place === paths.map ? path === place : path === place || path.startsWith(`${place}/`)
}

const themeLabels: Readonly<Record<ThemeChoice, string>> = { system: 'Auto', dark: 'Dark', light: 'Light' }

function ThemeSwitch() {
  const choice = useThemeChoice()
  return (
    <label className="theme-switch">
      <span className="unseen">Theme</span>
      <select value={choice} onChange={(event) => chooseTheme(event.target.value as ThemeChoice)}>
        {themeChoices.map((option) => (
          <option key={option} value={option}>
            {themeLabels[option]}
          </option>
        ))}
      </select>
    </label>
  )
}
