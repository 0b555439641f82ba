const paths = {
  map: 'M9 4 3 6.5v14L9 18l6 2.5 6-2.500V4l-6 2.500L9 4Zm0 0v14m6-11.500v14',
  devices: 'M12 13a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3Zm0 0v8M8.5 15a5 5 0 1 1 7 0M5.7 17.800a9 9 0 1 1 12.6 0',
  alerts: 'M6 16V11a6 6 0 1 1 12 0v5l2 2H4ZM10 21h4',
  quarantine: 'M4 8 12 4l8 4v9l-8 4-8-4ZM9.5 11l5 5m0-5-5 5',
  system: 'M3 12h4l3-7 4 14 3-7h4',
} as const

export type IconName = keyof typeof paths

/** Always beside a word. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  )
}
