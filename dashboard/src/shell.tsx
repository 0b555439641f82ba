import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react'
import { ConnectionBanner, FeedChip } from './live/connection-banner.tsx'
import { NoticeBanner } from './live/notice-banner.tsx'
import { SosBanner } from './live/sos-banner.tsx'
import { useConnection } from './live/use-live.ts'
import { PlaceBar } from './place-bar.tsx'
import { homeOf, placesFor } from './places.ts'
import { Link } from './routing/link.tsx'
import { navigate, paths, usePath } from './routing/router.ts'
import { useMay } from './session/permissions.ts'
import { type Profile, signOut } from './session/session.ts'
import { chooseTheme, type ThemeChoice, themeChoices, useThemeChoice } from './theme/theme.ts'
import { HelpDialog } from './ui/help-dialog.tsx'
import { Icon } from './ui/icons.tsx'
import { Logo } from './ui/logo.tsx'
import { useShortcuts } from './ui/shortcuts.ts'
import { useBarFit } from './use-bar-fit.ts'

/** What stands around every page: places to go, the state of the feed, SOS presses, help. */
export function Shell({ user, children }: { user: Profile; children: ReactNode }) {
  const [helpOpen, setHelpOpen] = useState(false)
  const connection = useConnection()
  const isWatching = useMay('live.watch')
  const path = usePath()
  const main = useRef<HTMLElement>(null)
  const top = useHeightAsToken('--top')
  const bar = useBarFit()
  const closeHelp = useCallback(() => setHelpOpen(false), [])
  const places = placesFor(user.role)
  useShortcuts('Everywhere', [
    ...places.map(({ to, label, key }): [string, string, () => void] => [
      `g ${key}`,
      `Go to ${label}`,
      () => navigate(to),
    ]),
    ['g p', 'Go to your profile', () => navigate(paths.profile)],
    ['?', 'This help', () => setHelpOpen(true)],
  ])
  useFocusOnNewPage(path, main)
  return (
    <div className={isWatching && connection.state !== 'live' ? 'app is-stale' : 'app'}>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <div className="top" ref={top}>
        <header className="bar" ref={bar}>
          <Link to={homeOf(user.role)} className="brand" aria-label="Prahari, to the start">
            <Logo />
            <span>Prahari</span>
          </Link>
          <PlaceBar places={places} path={path} />
          <div className="bar-end">
            {isWatching && <FeedChip />}
            <ThemeSwitch />
            <button type="button" className="quiet help-button" aria-label="Help" onClick={() => setHelpOpen(true)}>
              ?
            </button>
            <OwnName user={user} isHere={path === paths.profile} />
            <button type="button" className="quiet" onClick={() => void signOut()}>
              Sign out
            </button>
          </div>
        </header>
        {isWatching && (
          <div className="banners">
            <SosBanner />
            <NoticeBanner />
            <ConnectionBanner />
          </div>
        )}
      </div>
      <main id="main" ref={main} tabIndex={-1}>
        {children}
      </main>
      {helpOpen && <HelpDialog onClose={closeHelp} />}
    </div>
  )
}

function OwnName({ user, isHere }: { user: Profile; isHere: boolean }) {
  const address = user.email ?? user.phone ?? user.username
  return (
    <Link
      to={paths.profile}
      className="own-name"
      aria-current={isHere ? 'page' : undefined}
      title={`Your profile: ${address ?? user.name}`}
    >
      <Icon name="person" />
      <span className="unseen">Your profile: </span>
      <span className="own-name-text">{user.name}</span>
    </Link>
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
