const paths = {
  map: 'M9 4 3 6.5v14L9 18l6 2.5 6-2.500V4l-6 2.500L9 4Zm0 0v14m6-11.500v14',
  devices: 'M12 13a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3Zm0 0v8M8.5 15a5 5 0 1 1 7 0M5.7 17.800a9 9 0 1 1 12.6 0',
  sos: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16ZM12 8v4.500M12 15.800v.2',
  alerts: 'M6 16V11a6 6 0 1 1 12 0v5l2 2H4ZM10 21h4',
  units:
    'M3 16V11l2-5h10l3 5h3v5h-2M9 16h6M5 16H3M7 18.500a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM17 18.500a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM5 11h13',
  broadcasts: 'M4 10v4h3l7 4V6l-7 4ZM17 9a4 4 0 0 1 0 6M19.500 6.500a8 8 0 0 1 0 11',
  quarantine: 'M4 8 12 4l8 4v9l-8 4-8-4ZM9.5 11l5 5m0-5-5 5',
  system: 'M3 12h4l3-7 4 14 3-7h4',
  users:
    'M9 11.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7ZM2.500 20a6.500 6.500 0 0 1 13 0M16 4.800a3.500 3.500 0 0 1 0 6.400M18.500 14.500a6.500 6.500 0 0 1 3 5.500',
  audit: 'M6 3h9l4 4v14H6ZM10 12h5M10 16h5M10 8h2',
  person: 'M12 11.500a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.500 20.500a7.500 7.500 0 0 1 15 0',
  more: 'M5 7h14M5 12h14M5 17h14',
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
