let drawn = 0

/** An address that nobody has come from before, among those that are kept for documents and tests (RFC 2544). */
export function drawAddress(): string {
  drawn += 1
  return `198.18.${Math.floor(drawn / 256)}.${drawn % 256}`
}
