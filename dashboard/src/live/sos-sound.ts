import { useSyncExternalStore } from 'react'

/**
 * `off`: not wanted. `waiting`: wanted, and the browser lets no page make a sound before somebody has touched it.
 */
export type SoundState = 'off' | 'waiting' | 'on'

const storageKey = 'prahari-sos-sound'
const repeatEveryMs = 2000
const listeners = new Set<() => void>()
let isWanted = localStorage.getItem(storageKey) === 'on'
let context: AudioContext | undefined
let ringing: ReturnType<typeof setInterval> | undefined
let isLoud = false

function announce(): void {
  for (const listener of listeners) listener()
}

function currentState(): SoundState {
  if (!isWanted) return 'off'
  return context?.state === 'running' ? 'on' : 'waiting'
}

/** Must be called from a click or a key, else the browser refuses. */
function unlock(): void {
  context ??= new AudioContext()
  context.onstatechange = announce
  void context.resume().then(announce, announce)
}

function onGesture({ target }: Event): void {
  // The switch decides for itself, at the end of its click.
  if (target instanceof Element && target.closest('.sound-switch') !== null) return
  if (isWanted && context?.state !== 'running') unlock()
}

/** What was chosen before takes effect again at the first touch of the page. */
export function startSosSound(): () => void {
  const events = ['pointerdown', 'keydown'] as const
  for (const event of events) document.addEventListener(event, onGesture)
  return () => {
    for (const event of events) document.removeEventListener(event, onGesture)
    ringSos(false)
  }
}

/** From a click; is remembered in this browser. A short sound says that it works. */
export function chooseSosSound(wanted: boolean): void {
  isWanted = wanted
  localStorage.setItem(storageKey, wanted ? 'on' : 'off')
  if (wanted) {
    unlock()
    if (ringing === undefined) playCall()
  }
  announce()
}

/** Calls every two seconds until told to stop. @param options.loud for one that was called again */
export function ringSos(isCalled: boolean, options: { readonly loud?: boolean } = {}): void {
  isLoud = options.loud ?? false
  if (!isCalled) {
    clearInterval(ringing)
    ringing = undefined
    return
  }
  if (ringing !== undefined) return
  playCall()
  ringing = setInterval(playCall, repeatEveryMs)
}

/** Two rising tones, made here: no file to load when it counts. */
function playCall(): void {
  if (!isWanted || context === undefined || context.state !== 'running') return
  const startS = context.currentTime
  for (const [index, frequencyHz] of [660, 880, 660, 880].entries()) {
    const tone = context.createOscillator()
    const volume = context.createGain()
    const atS = startS + index * 0.18
    tone.type = isLoud ? 'square' : 'triangle'
    tone.frequency.value = frequencyHz
    volume.gain.setValueAtTime(0, atS)
    volume.gain.linearRampToValueAtTime(isLoud ? 0.5 : 0.3, atS + 0.02)
    volume.gain.linearRampToValueAtTime(0, atS + 0.16)
    tone.connect(volume).connect(context.destination)
    tone.start(atS)
    tone.stop(atS + 0.17)
  }
}

export function useSoundState(): SoundState {
  return useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, currentState)
}
