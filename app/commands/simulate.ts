import type { Command } from 'commander'
import { AppError } from '../../contracts/errors.ts'
import { scenarioHelp, simulate } from '../../devices/index.ts'
import { findPassword } from '../api-client.ts'
import { configOf, type Terminal } from '../terminal.ts'

interface SimulateCommandOptions {
  readonly devices: string
  readonly duration: string
  readonly seed: string
  readonly window?: string
  readonly url?: string
  readonly mqttUrl?: string
  readonly email?: string
  readonly passwordFile?: string
  readonly openEnrolment?: true
}

export function addSimulate(program: Command, terminal: Terminal): void {
  program
    .command('simulate')
    .description(
      'let a fleet of simulated devices report to a running server, and hold what it sent against the ledger',
    )
    .argument('[scenario]', 'how the fleet behaves', 'calm')
    .option('--devices <count>', 'how many devices', '100')
    .option('--duration <seconds>', 'for how long', '60')
    .option('--seed <number>', 'the same seed sends the same readings', '1')
    .option('--window <count>', 'publishes on the way per device, where the scenario sends as fast as it can')
    .option('--url <url>', 'HTTP of the server (default: this machine, PRAHARI_HTTP_PORT)')
    .option('--mqtt-url <url>', 'MQTT of the server (default: this machine, PRAHARI_MQTT_PORT)')
    .option('--email <email>', 'sign in as (PRAHARI_ADMIN_EMAIL)')
    .option('--password-file <file>', 'read the password from a file, - for standard input (PRAHARI_ADMIN_PASSWORD)')
    .option('--open-enrolment', 'let devices enrol themselves; the server must allow it')
    .addHelpText(
      'after',
      `
Scenarios:
${scenarioHelp.join('\n')}

Exit code 0 when every device's readings match the ledger, 1 when one does not.

Examples:
  prahari simulate
  prahari simulate hostile --devices 200 --duration 120 --seed 7
  prahari simulate flood --url https://city.example --mqtt-url mqtts://city.example:8883 --password-file -`,
    )
    .action((scenario: string, options: SimulateCommandOptions) => run(terminal, scenario, options))
}

async function run(terminal: Terminal, scenario: string, options: SimulateCommandOptions): Promise<void> {
  const { http, mqtt, admin } = configOf(terminal)
  const count = (name: string, text: string) => readCount(name, text)
  const email = options.email ?? admin.email
  const wanted = {
    scenario,
    email,
    devices: count('--devices', options.devices),
    durationS: count('--duration', options.duration),
    seed: count('--seed', options.seed),
    window: options.window === undefined ? undefined : count('--window', options.window),
    apiUrl: options.url ?? `http://127.0.0.1:${http.port}`,
    mqttUrl: options.mqttUrl ?? `mqtt://127.0.0.1:${mqtt.port}`,
    openEnrolment: options.openEnrolment ?? false,
  }
  const password = await findPassword({
    file: options.passwordFile,
    configured: admin.password,
    isTerminal: terminal.isTerminal,
    email,
  })
  const interrupted = new AbortController()
  process.once('SIGINT', () => interrupted.abort())
  const code = await simulate(
    { ...wanted, password, signal: interrupted.signal },
    {
      out: terminal.out,
      progress: {
        isTerminal: process.stderr.isTTY === true,
        columns: process.stderr.columns,
        write: (text) => (process.stderr.isTTY ? void process.stderr.write(text) : terminal.err(text.trimEnd())),
      },
    },
  )
  if (code !== 0) throw new AppError('internal', 'ledger-differs', 'the ledger differs from what was sent')
}

function readCount(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new AppError(
    'invalid',
    'bad-option',
    `${name} must be a whole number (it is ${JSON.stringify(text.slice(0, 40))})`,
  )
}
