const bytesPerLine = 16

/**
 * Bytes the way programmers read them: offset, sixteen bytes, and their letters.
 * @param hex two digits a byte, nothing between
 */
export function layOutHex(hex: string): string {
  const lines: string[] = []
  for (let at = 0; at < hex.length; at += bytesPerLine * 2) {
    const bytes = hex.slice(at, at + bytesPerLine * 2).match(/../g) ?? []
    const letters = bytes.map((byte) => toLetter(Number.parseInt(byte, 16))).join('')
    lines.push(`${(at / 2).toString(16).padStart(4, '0')}  ${bytes.join(' ').padEnd(bytesPerLine * 3 - 1)}  ${letters}`)
  }
  return lines.join('\n')
}

function toLetter(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'
}
