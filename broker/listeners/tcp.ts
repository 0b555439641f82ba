import { readFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { AppError } from '../../contracts/errors.ts'
import type { PeerCertificate } from '../connection.ts'
import type { TlsOptions } from '../options.ts'

export interface Arrival {
  readonly raw: Duplex
  readonly certificate: PeerCertificate
  readonly remote: string
}

export interface Listener {
  readonly port: number
  /** Stops accepting; resolves when the last connection is gone, which is helped along after a second. */
  close(): Promise<void>
}

export interface ListenOptions {
  readonly host: string
  readonly port: number
  readonly onArrival: (arrival: Arrival) => void
}

const closeDeadlineMs = 1000

const noCertificate: PeerCertificate = { type: 'none' }

const socketOptions = {
  // An acknowledgement must not wait for the next one (Nagle).
  noDelay: true,
  // Finds peers that vanished although they asked for no MQTT keep-alive.
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
  // A peer that sent its last byte still gets the acknowledgements of what it sent before.
  allowHalfOpen: true,
}

/** @throws AppError `mqtt-listen-failed` */
export async function listenTcp({ host, port, onArrival }: ListenOptions): Promise<Listener> {
  const server = createServer(socketOptions, (socket) => {
    onArrival({ raw: socket, certificate: noCertificate, remote: remoteOf(socket) })
  })
  return listen(server, { host, port })
}

export interface ListenTlsOptions extends Omit<ListenOptions, 'port'> {
  readonly tls: TlsOptions
  readonly handshakeTimeoutMs: number
  readonly onHandshakeFailed: () => void
}

/** @throws AppError `mqtt-listen-failed`, `tls-files-unusable` */
export async function listenTls(options: ListenTlsOptions): Promise<Listener> {
  const { host, tls, handshakeTimeoutMs, onArrival, onHandshakeFailed } = options
  const server = await createTls(tls, handshakeTimeoutMs)
  server.on('secureConnection', (socket: TLSSocket) => {
    onArrival({ raw: socket, certificate: readCertificate(socket), remote: remoteOf(socket) })
  })
  server.on('tlsClientError', onHandshakeFailed)
  return listen(server, { host, port: tls.port })
}

async function createTls(tls: TlsOptions, handshakeTimeout: number): Promise<Server> {
  try {
    const [cert, key, ca] = await Promise.all([
      readFile(tls.certPath),
      readFile(tls.keyPath),
      tls.clientCaPath === undefined ? undefined : readFile(tls.clientCaPath),
    ])
    return createTlsServer({
      ...socketOptions,
      cert,
      key,
      ...(ca && { ca, requestCert: true }),
      // A certificate is optional; one that is not trusted is refused at CONNECT, with a code.
      rejectUnauthorized: false,
      handshakeTimeout,
    })
  } catch (cause) {
    throw new AppError('invalid', 'tls-files-unusable', 'cannot use the TLS certificate, key or client CA', { cause })
  }
}

function readCertificate(socket: TLSSocket): PeerCertificate {
  const { subject, valid_from: validFrom } = socket.getPeerCertificate()
  if (subject === undefined) return noCertificate
  const commonName: unknown = subject.CN
  const validFromMs = Date.parse(validFrom)
  // A subject may name several; then it names no one device.
  const isOfOneDevice = typeof commonName === 'string' && Number.isFinite(validFromMs)
  return socket.authorized && isOfOneDevice ? { type: 'valid', commonName, validFromMs } : { type: 'invalid' }
}

function remoteOf(socket: Socket): string {
  return socket.remoteAddress ?? 'unknown'
}

function listen(server: Server, { host, port }: { readonly host: string; readonly port: number }): Promise<Listener> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new AppError('unavailable', 'mqtt-listen-failed', `cannot listen on ${host}:${port}: ${cause.code}`, { cause }),
      )
    })
    server.listen({ host, port, backlog: 4096 }, () => {
      resolve({
        port: (server.address() as AddressInfo).port,
        close: () => closeServer(server, sockets),
      })
    })
  })
}

/** A peer in the middle of its TLS handshake belongs to no connection yet, so it is cut here. */
async function closeServer(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  const deadline = setTimeout(() => {
    for (const socket of sockets) socket.destroy()
  }, closeDeadlineMs)
  await new Promise((resolve) => server.close(resolve))
  clearTimeout(deadline)
}
