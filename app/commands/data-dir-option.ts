import { Option } from 'commander'
import type { Config } from '../config/config.ts'
import { configOf, type Terminal } from '../terminal.ts'

export interface DataDirOption {
  readonly dataDir?: string
}

/** For commands that work on a data directory whether a server runs on it or not. */
export function dataDirOption(): Option {
  return new Option('--data-dir <dir>', 'the data directory (PRAHARI_DATA_DIR)')
}

export function configFor(terminal: Terminal, { dataDir }: DataDirOption): Config {
  return configOf(terminal, { PRAHARI_DATA_DIR: dataDir })
}
