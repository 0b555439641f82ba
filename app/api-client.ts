import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline/promises'
import { AppError } from '../contracts/errors.ts'
import { sessionResourceSchema } from '../contracts/http/account.ts'
import { type BulkReport, bulkReportSchema } from '../contracts/http/device.ts'

/** The HTTP API as the command line uses it. */
export interface ApiClient {
  importDevices(input: { readonly body: string; readonly mediaType: string }): Promise<BulkReport>
}

export interface SignInOptions {
  /** Origin of the server, for example `http://127.0.0.1:3000`. */
  readonly url: string
  readonly email: string
  readonly password: string
}

/** @throws AppError `server-unreachable`, or what the server answered */
export async function signIn({ url, email, password }: SignInOptions): Promise<ApiClient> {
  const answer = await call(url, '/api/auth/login', {
    body: JSON.stringify({ email, password }),
    mediaType: 'application/json',
  })
  const { accessToken } = sessionResourceSchema.parse(answer)
  return {
    importDevices: async (input) =>
      bulkReportSchema.parse(await call(url, '/api/devices/bulk', { ...input, accessToken })),
  }
}

interface Call {
  readonly body: string
  readonly mediaType: string
  readonly accessToken?: string
}

async function call(url: string, path: string, { body, mediaType, accessToken }: Call): Promise<unknown> {
  const authorization = accessToken ? { authorization: `Bearer ${accessToken}` } : undefined
  const headers = { 'content-type': mediaType, ...authorization }
  const response = await fetch(new URL(path, url), { method: 'POST', headers, body }).catch((cause: unknown) => {
    throw new AppError('unavailable', 'server-unreachable', `no server answers at ${url}; is it running?`, { cause })
  })
  const answer = (await response.json().catch(() => undefined)) as
    | { readonly error?: { readonly code?: string; readonly message?: string } }
    | undefined
  if (response.ok) return answer
  const { code = 'http-error', message = `the server answered ${response.status}` } = answer?.error ?? {}
  throw new AppError('invalid', code, `the server refused: ${message}`)
}

/** The password from a file, `-` for standard input, the configuration, or the person at the terminal. */
export async function findPassword(options: {
  readonly file: string | undefined
  readonly configured: string | undefined
  readonly isTerminal: boolean
  readonly email: string
}): Promise<string> {
  if (options.file !== undefined) return readPasswordFile(options.file)
  if (options.configured !== undefined) return options.configured
  if (options.isTerminal && process.stdin.isTTY) return ask(`Password of ${options.email}: `)
  throw new AppError('invalid', 'bad-option', 'no password: set PRAHARI_ADMIN_PASSWORD or give --password-file')
}

async function readPasswordFile(file: string): Promise<string> {
  const text = file === '-' ? await readStandardInput() : await readFile(file, 'utf8')
  return text.replace(/\r?\n$/, '')
}

async function readStandardInput(): Promise<string> {
  let text = ''
  for await (const chunk of process.stdin) text += String(chunk)
  return text
}

async function ask(question: string): Promise<string> {
  process.stderr.write(question)
  // No output stream: what is typed is not shown.
  const lines = createInterface({ input: process.stdin, terminal: true })
  try {
    return await lines.question('')
  } finally {
    lines.close()
    process.stderr.write('\n')
  }
}
