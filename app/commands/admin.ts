import type { Command } from 'commander'
import { askServer } from '../control/client.ts'
import { resetPasswordOffline } from '../offline.ts'
import type { Terminal } from '../terminal.ts'
import { configFor, type DataDirOption, dataDirOption } from './data-dir-option.ts'

interface ResetOptions extends DataDirOption {
  readonly email?: string
}

export function addAdmin(program: Command, terminal: Terminal): void {
  const admin = program.command('admin').description('care for accounts on the machine itself')
  admin
    .command('reset-password')
    .description('give a user a new random password, print it, and end all their sessions')
    .option('--email <email>', 'whose (PRAHARI_ADMIN_EMAIL)')
    .addOption(dataDirOption())
    .addHelpText(
      'after',
      `
Who may read and write the data directory may do this; no password is asked for.

Examples:
  prahari admin reset-password
  prahari admin reset-password --email asha@city.example`,
    )
    .action((options: ResetOptions) => resetPassword(terminal, options))
}

async function resetPassword(terminal: Terminal, options: ResetOptions): Promise<void> {
  const config = configFor(terminal, options)
  const { dataDir, admin } = config
  const email = options.email ?? admin.email
  const answer = (await askServer(dataDir, 'resetPassword', { email })) ?? (await resetPasswordOffline(config, email))
  terminal.out(`Sign in as ${email} with ${answer.password}`)
}
