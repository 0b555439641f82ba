import { useSyncExternalStore } from 'react'

/** `system` follows the desktop; the others are the operator's own choice and are kept. */
export const themeChoices = ['system', 'dark', 'light'] as const
export type ThemeChoice = (typeof themeChoices)[number]
export type Theme = 'dark' | 'light'

const storageKey = 'prahari-theme'
const prefersDark = window.matchMedia('(prefers-color-scheme: dark)')
const listeners = new Set<() => void>()
let choice: ThemeChoice = readChoice()

function readChoice(): ThemeChoice {
  const kept = localStorage.getItem(storageKey)
  return themeChoices.find((known) => known === kept) ?? 'system'
}

function currentTheme(): Theme {
  if (choice !== 'system') return choice
  return prefersDark.matches ? 'dark' : 'light'
}

function applyTheme(): void {
  document.documentElement.dataset.theme = currentTheme()
  for (const listener of listeners) listener()
}

/** Sets the theme before the first paint and keeps it in step with the desktop. */
export function startTheme(): void {
  prefersDark.addEventListener('change', applyTheme)
  applyTheme()
}

export function chooseTheme(next: ThemeChoice): void {
  choice = next
  localStorage.setItem(storageKey, next)
  applyTheme()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, currentTheme)
}

export function useThemeChoice(): ThemeChoice {
  return useSyncExternalStore(subscribe, () => choice)
}

/** The value of a token in the theme now shown, for what is drawn on a canvas. */
export function readToken(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
}
