/**
 * The dark modules of a QR code as one SVG path, each a square of side 1; neighbours of a row are one rectangle.
 * @param modules rows of columns, true where dark
 */
export function toQrPath(modules: readonly (readonly boolean[])[]): string {
  const parts: string[] = []
  for (const [y, row] of modules.entries()) {
    for (let x = 0; x < row.length; x += 1) {
      if (!row[x]) continue
      const startX = x
      while (row[x + 1]) x += 1
      const width = x + 1 - startX
      parts.push(`M${startX} ${y}h${width}v1h-${width}z`)
    }
  }
  return parts.join('')
}
