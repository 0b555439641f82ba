import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** Shortest limit of the systems we run on: macOS allows 103 bytes, Linux 107 (`sun_path`, unix(7)). */
const socketPathBytesMax = 103

/**
 * Where the server of a data directory listens for its own command line. The socket lies in the directory itself, so
 * that containers sharing a volume see each other; only a path too long for a socket moves to the temporary folder.
 */
export function controlAddress(dataDir: string): string {
  const directory = resolve(dataDir)
  const name = createHash('sha256').update(directory).digest('hex').slice(0, 24)
  if (process.platform === 'win32') return `\\\\.\\pipe\\prahari-${name}`
  const inside = join(directory, 'control.sock')
  return Buffer.byteLength(inside) <= socketPathBytesMax ? inside : join(tmpdir(), `prahari-${name}.sock`)
}
