import { useEffect, useRef, useState } from 'react'
import { useOpenAlertCount } from './live/use-live.ts'
import type { Place } from './places.ts'
import { Link } from './routing/link.tsx'
import { paths } from './routing/router.ts'
import { Icon } from './ui/icons.tsx'

/** Of those that do not all stand side by side on a phone, this many do, beside a button for the rest. */
const nearMax = 4

/** The places of the bar. On a phone it is at the thumb, and what does not fit opens above it. */
export function PlaceBar({ places, path }: { places: readonly Place[]; path: string }) {
  if (places.length === 0) return null
  const fits = places.length <= nearMax + 1
  const near = fits ? places : places.slice(0, nearMax)
  return (
    <nav className="places" aria-label="Pages">
      {near.map((place) => (
        <PlaceLink key={place.to} place={place} path={path} />
      ))}
      {!fits && <FarPlaces key={path} places={places.slice(nearMax)} path={path} />}
    </nav>
  )
}

function FarPlaces({ places, path }: { places: readonly Place[]; path: string }) {
  const [isOpen, setIsOpen] = useState(false)
  const corner = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    if (!isOpen) return
    const close = (event: Event) => {
      if (!corner.current?.contains(event.target as Node)) setIsOpen(false)
    }
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return
      setIsOpen(false)
      button.current?.focus()
    }
    document.addEventListener('pointerdown', close)
    document.addEventListener('focusin', close)
    document.addEventListener('keydown', onKey)
    return () => {
      document.removeEventListener('pointerdown', close)
      document.removeEventListener('focusin', close)
      document.removeEventListener('keydown', onKey)
    }
  }, [isOpen])
  return (
    <div className="places-far" data-open={isOpen} ref={corner}>
      <button
        ref={button}
        type="button"
        className="places-more"
        aria-expanded={isOpen}
        data-here={places.some(({ to }) => isIn(path, to))}
        onClick={() => setIsOpen(!isOpen)}
      >
        <Icon name="more" />
        <span>More</span>
      </button>
      <div className="places-more-list">
        {places.map((place) => (
          <PlaceLink key={place.to} place={place} path={path} />
        ))}
      </div>
    </div>
  )
}

function PlaceLink({ place: { to, label, icon }, path }: { place: Place; path: string }) {
  return (
    <Link to={to} aria-current={isIn(path, to) ? 'page' : undefined}>
      <Icon name={icon} />
      <span>{label}</span>
      {to === paths.alerts && <OpenAlerts />}
    </Link>
  )
}

function OpenAlerts() {
  const count = useOpenAlertCount()
  if (count === 0) return null
  return (
    <span className="count">
      {count}
      <span className="unseen"> open</span>
    </span>
  )
}

function isIn(path: string, place: string): boolean {
  return place === paths.map ? path === place : path === place || path.startsWith(`${place}/`)
}
