import { resolve } from 'node:path'
import type { Command } from 'commander'
import { restoreBackup } from '../backup/restore.ts'
import { openDataDir } from '../data-dir.ts'
import { noteRestore, withClaim } from '../offline.ts'
import type { Terminal } from '../terminal.ts'
import { formatBytes } from '../text.ts'
import { configFor, type DataDirOption, dataDirOption } from './data-dir-option.ts'

interface RestoreCommandOptions extends DataDirOption {
  readonly force?: true
}

export function addRestore(program: Command, terminal: Terminal): void {
  program
    .command('restore')
    .description('bring a backup back into an empty data directory; the server must be stopped')
    .argument('<dir>', 'a directory that "prahari backup" wrote')
    .addOption(dataDirOption())
    .option('--force', 'move what is in the data directory aside instead of refusing')
    .addHelpText(
      'after',
      `
Every file is checked against the manifest before anything is written. Devices connect again by themselves.

Examples:
  prahari restore /backups/2026-01-31
  prahari restore /backups/2026-01-31 --data-dir /var/lib/prahari --force`,
    )
    .action((directory: string, options: RestoreCommandOptions) => restore(terminal, directory, options))
}

async function restore(terminal: Terminal, directory: string, options: RestoreCommandOptions): Promise<void> {
  const config = configFor(terminal, options)
  const to = openDataDir(config.dataDir)
  const from = resolve(terminal.workingDir, directory)
  const { manifest, movedTo } = await withClaim(to, async () => {
    const report = await restoreBackup({ from, to, force: options.force ?? false, nowMs: Date.now() })
    await noteRestore(config, to, report.manifest).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error)
      terminal.err(`prahari: what was restored does not say in its audit trail that it was: ${reason}`)
    })
    return report
  })
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0)
  if (movedTo) terminal.out(`What was there lies in ${movedTo}.`)
  terminal.out(
    `Restored ${manifest.files.length} files, ${formatBytes(bytes)}, of ${manifest.createdAt} to ${to.path}.`,
  )
}
