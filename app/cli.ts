import { Command, CommanderError } from 'commander'
import { AppError } from '../contracts/errors.ts'
import { addAdmin } from './commands/admin.ts'
import { addAudit } from './commands/audit.ts'
import { addBackup } from './commands/backup.ts'
import { addBench } from './commands/bench.ts'
import { addDevices } from './commands/devices.ts'
import { addKinds } from './commands/kinds.ts'
import { addRestore } from './commands/restore.ts'
import { addSimulate } from './commands/simulate.ts'
import { addStart } from './commands/start.ts'
import { exitCodes } from './process-signals.ts'
import { processTerminal, type Terminal } from './terminal.ts'
import { version } from './version.ts'

/** Faults of the command line and of the configuration rather than of what was asked for. */
const usageCodes = new Set(['bad-configuration', 'bad-option'])

/** Every command, for tests that walk them. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command('prahari')
    .description('A city’s sensing and safety platform: MQTT in, durable, flagged, stored, served, seen.')
    .version(version, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print help for a command')
    .helpCommand(false)
    .addHelpText(
      'after',
      `
Configuration comes from the environment and from .env; see docs/configuration.md.

Exit codes:
  0    done
  1    failed
  2    wrong command line or configuration
  130  ended by a second signal`,
    )
  const add = [addStart, addSimulate, addDevices, addKinds, addBackup, addRestore, addAdmin, addAudit, addBench]
  for (const addCommand of add) addCommand(program, terminal)
  return silence(program, terminal)
}

/** Commander must neither exit nor print by itself, in no command of the tree. */
function silence(command: Command, terminal: Terminal): Command {
  command
    .exitOverride()
    .showSuggestionAfterError()
    // The same on every terminal and in every log.
    .configureHelp({ helpWidth: 110 })
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
    })
  for (const child of command.commands) silence(child, terminal)
  return command
}

/** @returns the exit code */
export async function runCli(argv: readonly string[], terminal: Terminal = processTerminal()): Promise<number> {
  try {
    await createProgram(terminal).parseAsync(argv)
    return exitCodes.ok
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    if (error instanceof AppError) {
      terminal.err(`prahari: ${error.message}`)
      return usageCodes.has(error.code) ? exitCodes.usage : exitCodes.failed
    }
    terminal.err(error instanceof Error ? (error.stack ?? error.message) : String(error))
    return exitCodes.failed
  }
}
