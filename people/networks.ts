import { createHash } from 'node:crypto'
import { isIPv6 } from 'node:net'

/** A client as the transport knows it. */
export interface Client {
  /** IP address, behind trusted proxies the one they vouch for. */
  readonly clientAddress: string
  readonly userAgent?: string | undefined
}

/** The part of an address that counts as one client: one household or host may use any address of its IPv6 /64. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  if (!isIPv6(plain)) return plain
  const [head = '', tail] = plain.toLowerCase().split('::')
  const groups = head.split(':').filter(Boolean)
  const after = tail?.split(':').filter(Boolean) ?? []
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - after.length)
  return [...groups, ...Array<string>(zeros).fill('0'), ...after]
    .slice(0, 4)
    .map((group) => group.padStart(4, '0'))
    .join(':')
}

/**
 * Whom something that a client has just shown belongs to until it shows more. Neighbours behind one address are told
 * apart as far as their clients say different things of themselves.
 */
export function holderOf({ clientAddress, userAgent = '' }: Client): string {
  const agent = createHash('sha256').update(userAgent).digest('base64url').slice(0, 16)
  return `${networkOf(clientAddress)} ${agent}`
}
