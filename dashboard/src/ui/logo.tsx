export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path d="M16 3 28 8.5v7.7c0 6.7-5 11-12 12.8C9 27.2 4 22.9 4 16.200V8.500Z" className="logo-shield" />
      <circle cx="16" cy="15.5" r="4.5" className="logo-eye" />
    </svg>
  )
}
