import { chooseSosSound, useSoundState } from './sos-sound.ts'

const words = { off: 'Turn the sound on', waiting: 'Sound waits for a click', on: 'Sound is on' } as const

/** Whether a new SOS is heard. Browsers need a click first, so it is asked for where it can be seen. */
export function SoundSwitch() {
  const state = useSoundState()
  return (
    <button type="button" className="sound-switch" data-state={state} onClick={() => chooseSosSound(state !== 'on')}>
      <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
        <path
          d={
            state === 'on'
              ? 'M4 9v6h4l5 4V5L8 9ZM16 9a4 4 0 0 1 0 6M18.500 6.500a8 8 0 0 1 0 11'
              : 'M4 9v6h4l5 4V5L8 9ZM16 9.500l5 5m0-5-5 5'
          }
        />
      </svg>
      {words[state]}
    </button>
  )
}
