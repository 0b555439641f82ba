import { readFile, writeFile } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import type { Command } from 'commander'
import { AppError } from '../../contracts/errors.ts'
import type { BulkReport } from '../../contracts/http/device.ts'
import { findPassword, signIn } from '../api-client.ts'
import { configOf, type Terminal } from '../terminal.ts'

interface ImportOptions {
  readonly url?: string
  readonly email?: string
  readonly passwordFile?: string
  readonly secrets?: string
}

const mediaTypes: Readonly<Record<string, string>> = { '.csv': 'text/csv', '.json': 'application/json' }

export function addDevices(program: Command, terminal: Terminal): void {
  const devices = program.command('devices').description('work with the register of devices')
  devices
    .command('import')
    .description('register the devices of a CSV or JSON file with the running server')
    .argument('<file>', '.csv with a heading, or .json with a list')
    .option('--url <url>', 'the server (default: this machine, PRAHARI_HTTP_PORT)')
    .option('--email <email>', 'sign in as (PRAHARI_ADMIN_EMAIL)')
    .option('--password-file <file>', 'read the password from a file, - for standard input (PRAHARI_ADMIN_PASSWORD)')
    .option('--secrets <file>', 'write "id,secret" lines there, for the owner alone; else they stand in the report')
    .addHelpText(
      'after',
      `
One line per device on standard output, tab-separated: line, id, "created" and the secret, or "failed" and the reason.
Secrets are shown this once; the server keeps a hash. Lines that fail do not hold up the others; the exit code is then 1.

A CSV file:
  id,name,kinds,latitude,longitude,label:street
  lamp-17,Lamp 17,noise air-quality,15.01,88.02,Harbour Road

Examples:
  prahari devices import fleet.csv --secrets fleet-secrets.csv
  prahari devices import fleet.json --url https://city.example --email asha@city.example --password-file -`,
    )
    .action((file: string, options: ImportOptions) => importDevices(terminal, file, options))
}

async function importDevices(terminal: Terminal, file: string, options: ImportOptions): Promise<void> {
  const mediaType = mediaTypes[extname(file).toLowerCase()]
  if (!mediaType) throw new AppError('invalid', 'bad-option', `${file} is neither .csv nor .json`)
  const { http, admin } = configOf(terminal)
  const body = await readFile(resolve(terminal.workingDir, file), 'utf8').catch((cause: unknown) => {
    throw new AppError('invalid', 'bad-option', `${file} cannot be read: ${String((cause as Error).message)}`, {
      cause,
    })
  })
  const email = options.email ?? admin.email
  const isTerminal = terminal.isTerminal
  const password = await findPassword({ file: options.passwordFile, configured: admin.password, isTerminal, email })
  const client = await signIn({ url: options.url ?? `http://127.0.0.1:${http.port}`, email, password })
  const secretsFile = options.secrets && resolve(terminal.workingDir, options.secrets)
  // Before anything is registered: secrets that could not be written down would be lost.
  if (secretsFile) await createSecretsFile(secretsFile)
  const report = await client.importDevices({ body, mediaType })
  if (secretsFile) await writeFile(secretsFile, secretLines(report))
  for (const line of reportLines(report, secretsFile === undefined)) terminal.out(line)
  terminal.err(`${report.created} created, ${report.failed} failed`)
  if (report.failed > 0) {
    throw new AppError('invalid', 'devices-failed', `${report.failed} of ${report.results.length} lines failed`)
  }
}

async function createSecretsFile(path: string): Promise<void> {
  await writeFile(path, '', { mode: 0o600, flag: 'wx' }).catch((cause: unknown) => {
    const message = `${path} cannot be made for the secrets: ${(cause as Error).message}`
    throw new AppError('invalid', 'bad-option', message, { cause })
  })
}

function reportLines({ results }: BulkReport, showSecrets: boolean): string[] {
  return results.map(({ line, id, status, secret, error }) =>
    [line, id ?? '-', status, error?.message ?? (showSecrets ? secret : '')].join('\t').trimEnd(),
  )
}

function secretLines({ results }: BulkReport): string {
  return results.flatMap(({ id, secret }) => (secret === null ? [] : [`${id},${secret}\n`])).join('')
}
