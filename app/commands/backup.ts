import { resolve } from 'node:path'
import type { Command } from 'commander'
import { askServer } from '../control/client.ts'
import { backUpOffline } from '../offline.ts'
import type { Terminal } from '../terminal.ts'
import { formatBytes } from '../text.ts'
import { configFor, type DataDirOption, dataDirOption } from './data-dir-option.ts'

export function addBackup(program: Command, terminal: Terminal): void {
  program
    .command('backup')
    .description('copy everything the server stores, consistently, running or not')
    .argument('<dir>', 'where the copy goes; must be empty or not there yet')
    .addOption(dataDirOption())
    .addHelpText(
      'after',
      `
A running server makes the copy itself and goes on serving. The directory appears whole or not at all and holds a
manifest with sizes and SHA-256. Broker sessions are not part of it: devices subscribe again, commands wait in the records.

Examples:
  prahari backup /backups/$(date +%F)
  prahari backup ./copy --data-dir /var/lib/prahari`,
    )
    .action((directory: string, options: DataDirOption) => backUp(terminal, directory, options))
}

async function backUp(terminal: Terminal, directory: string, options: DataDirOption): Promise<void> {
  const config = configFor(terminal, options)
  const { dataDir } = config
  const target = resolve(terminal.workingDir, directory)
  const byServer = await askServer(dataDir, 'backup', { directory: target })
  const manifest = byServer ?? (await backUpOffline(config, target))
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0)
  const by = byServer ? 'by the running server' : 'with no server running'
  terminal.out(`Backed up ${manifest.files.length} files, ${formatBytes(bytes)}, ${by}, to ${target}.`)
}
