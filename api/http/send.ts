import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Response } from 'express'
import type { Answer, ContentAnswer } from './answer.ts'

/** Writes an answer; returns when the client has it all, or has gone. */
export async function sendAnswer(response: Response, status: number, answer: Answer<unknown>): Promise<void> {
  if (answer.type === 'empty') {
    response.status(204).end()
    return
  }
  if (answer.type === 'json') {
    response.set(answer.headers)
    response.status(answer.status ?? status).json(answer.body)
    return
  }
  await sendContent(response, status, answer)
}

async function sendContent(response: Response, status: number, answer: ContentAnswer): Promise<void> {
  const { body } = answer
  if (response.req.method === 'HEAD') {
    setContentHeaders(response, status, answer)
    response.end()
    return
  }
  if (typeof body === 'string' || body instanceof Uint8Array) {
    setContentHeaders(response, status, answer)
    // `send` adds an ETag, and answers 304 to who has it already.
    response.send(typeof body === 'string' ? body : Buffer.from(body))
    return
  }
  const iterator = body[Symbol.asyncIterator]()
  try {
    // The first piece comes before the headers: what fails at once can still be answered with a proper error.
    const first = await iterator.next()
    setContentHeaders(response, status, answer)
    await pipeline(Readable.from(continueFrom(first, iterator), { objectMode: false }), response)
  } catch (error) {
    if (!isClientGone(error)) throw error
  } finally {
    // Ended, failed or left halfway: the source gets to clean up.
    await iterator.return?.()
  }
}

function setContentHeaders(response: Response, status: number, answer: ContentAnswer): void {
  response.status(status)
  response.setHeader('Content-Type', answer.mediaType)
  if (answer.fileName !== undefined) {
    response.setHeader('Content-Disposition', `attachment; filename="${answer.fileName.replace(/[^\w.-]/g, '_')}"`)
  }
  response.set(answer.headers)
}

async function* continueFrom(first: IteratorResult<string | Uint8Array>, rest: AsyncIterator<string | Uint8Array>) {
  for (let step = first; step.done !== true; step = await rest.next()) yield step.value
}

const clientGoneCodes = new Set(['ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED', 'ECONNRESET', 'EPIPE'])

function isClientGone(error: unknown): boolean {
  return error instanceof Error && clientGoneCodes.has((error as NodeJS.ErrnoException).code ?? '')
}

/** @returns a signal that is aborted when the client leaves before its answer is complete */
export function abortWhenClientLeaves(response: Response): AbortSignal {
  const controller = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) controller.abort()
  })
  return controller.signal
}
