import type { Command } from 'commander'
import { AppError } from '../../contracts/errors.ts'
import { greet } from '../greeting.ts'
import { limitHeapGrowth } from '../heap.ts'
import { createLifecycle } from '../lifecycle.ts'
import { createLog } from '../log.ts'
import { startPrahari } from '../prahari.ts'
import { tieToProcess } from '../process-signals.ts'
import { serverConfigOf, type Terminal } from '../terminal.ts'

interface StartOptions {
  readonly dataDir?: string
  readonly httpPort?: string
  readonly mqttPort?: string
  readonly demo?: string
}

export function addStart(program: Command, terminal: Terminal): void {
  program
    .command('start')
    .description('start the server and keep it running')
    .option('--data-dir <dir>', 'where it keeps its data (PRAHARI_DATA_DIR)')
    .option('--http-port <port>', 'API, live feed and dashboard (PRAHARI_HTTP_PORT)')
    .option('--mqtt-port <port>', 'MQTT (PRAHARI_MQTT_PORT)')
    .option('--demo <on|off>', 'the demo city (PRAHARI_DEMO)')
    .addHelpText(
      'after',
      `
Everything else is set by variables; see docs/configuration.md. SIGTERM and SIGINT stop it in order, a second one at once.

Examples:
  prahari start
  prahari start --demo off --data-dir /var/lib/prahari
  PRAHARI_HTTP_HOST=0.0.0.0 prahari start --http-port 8080`,
    )
    .action((options: StartOptions) => start(terminal, options))
}

async function start(terminal: Terminal, { dataDir, httpPort, mqttPort, demo }: StartOptions): Promise<void> {
  const config = serverConfigOf(terminal, {
    PRAHARI_DATA_DIR: dataDir,
    PRAHARI_HTTP_PORT: httpPort,
    PRAHARI_MQTT_PORT: mqttPort,
    PRAHARI_DEMO: demo,
  })
  limitHeapGrowth()
  const log = createLog(config.log)
  const lifecycle = createLifecycle({ stopDeadlineMs: config.stopDeadlineMs, log })
  tieToProcess({ process, stop: lifecycle.stop, log })
  try {
    const prahari = await startPrahari({ config, log, lifecycle, now: Date.now })
    for (const line of greet(config, prahari)) terminal.out(line)
  } catch (error) {
    // A signal came while starting; it ends the process itself.
    if (!(error instanceof AppError && error.code === 'start-cancelled')) throw error
  }
  await untilSignal()
}

/** The process leaves from its signal handlers, never from here. */
const untilSignal = (): Promise<never> => new Promise(() => undefined)
