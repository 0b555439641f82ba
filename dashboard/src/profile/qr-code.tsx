import { useMemo } from 'react'
import { encode } from 'uqr'
import { toQrPath } from './qr-path.ts'

/** Light modules around the code, by which a camera finds it (ISO/IEC 18004, section 9.1). */
const quietModules = 4

/** Dark on light in every theme: not every camera reads the reverse. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const { path, size } = useMemo(() => {
    const code = encode(text, { ecc: 'M', border: quietModules })
    return { path: toQrPath(code.data), size: code.size }
  }, [text])
  return (
    <svg className="qr-code" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label}>
      <path className="qr-paper" d={`M0 0h${size}v${size}h-${size}z`} />
      <path className="qr-ink" d={path} />
    </svg>
  )
}
