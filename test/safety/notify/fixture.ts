import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import { AppError } from '../../../contracts/errors.ts'
import type { Message } from '../../../contracts/ports/messages.ts'

/** Stands for what nobody but the addressee may see: no log may hold any of these. */
export const secretText = '493817 is your code'
export const secretSubject = 'A subject of Asha'
export const email = 'asha@city.example'
export const phone = '+919876543210'

export const startMs = Date.UTC(2026, 0, 14, 12)

export function aMessage(message: Partial<Message> = {}): Message {
  return {
    id: 'msg-1',
    to: { type: 'phone', address: phone },
    subject: secretSubject,
    text: secretText,
    expiresAtMs: startMs + 300_000,
    ...message,
  }
}

export const toEmail = { type: 'email', address: email } as const

/** Never aborted. */
export const patience = () => new AbortController().signal

/** The code of the failure, and what it says. */
export async function failureOf(sent: Promise<void>): Promise<{ readonly code: string; readonly message: string }> {
  const error = await sent.then(
    () => new Error('was sent'),
    (failure: unknown) => failure,
  )
  if (!(error instanceof AppError)) throw error
  return { code: error.code, message: error.message }
}

export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

type Answer = (response: ServerResponse, request: Received) => void

/** A real HTTP server. `answer` says what becomes of each request once it has arrived whole. */
export async function anHttpServer(answer: Answer) {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      received.push({ method, path: url, headers, body: Buffer.concat(chunks).toString() })
      answer(response, received.at(-1)!)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received }
}

/** A port that nobody listens on. */
export async function aClosedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** A log, and all that was written to it. */
export function aLog() {
  const lines: Record<string, unknown>[] = []
  const looks = new Set<() => void>()
  const write = (line: string) => {
    lines.push(JSON.parse(line))
    for (const look of [...looks]) look()
  }
  /** Resolves once so many lines say so. */
  const until = (msg: string, count = 1) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (lines.filter((line) => line.msg === msg).length < count) return
        looks.delete(look)
        resolve()
      }
      looks.add(look)
      look()
    })
  return { log: pino({ level: 'trace' }, { write }), lines, until, text: () => JSON.stringify(lines) }
}
