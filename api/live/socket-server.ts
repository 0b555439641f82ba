import type { Server as HttpServer, IncomingMessage } from 'node:http'
import type { Logger } from 'pino'
import proxyAddress from 'proxy-addr'
import { Server, type Socket } from 'socket.io'
import { may, type SocketEvent, socketAccess } from '../../contracts/access.ts'
import { AppError } from '../../contracts/errors.ts'
import { type LiveRefusal, liveEvents, liveSubscribeSchema, liveViewportSchema } from '../../contracts/live.ts'
import type { SocketPager } from '../../contracts/ports/outbox.ts'
import type { Accounts } from '../../people/index.ts'
import type { NoteSosView } from '../../safety/index.ts'
import { clientOf } from '../http/rate-limits.ts'
import { createAdmission, type Guest } from './admission.ts'
import { createAllowance } from './allowance.ts'
import { toConnection } from './connection.ts'
import type { Feed } from './feed.ts'
import type { LegacyClients } from './legacy/legacy-clients.ts'
import { type Member, parseRequest } from './legacy/rooms.ts'
import type { LiveOptions } from './options.ts'
import { pageSockets } from './page-sockets.ts'
import type { Viewer } from './viewer.ts'
import { createWaitingRoom } from './waiting-room.ts'

export interface SocketStats {
  /** Open connections, those included that have not said yet who they are. */
  readonly connections: number
  /** Handshakes and requests that were refused, by error code. */
  readonly refusals: Readonly<Record<string, number>>
  /** Connections that were closed because their access ended. */
  readonly shutOut: number
}

export interface SocketServer extends SocketPager {
  attach(httpServer: HttpServer): void
  /** Lets clients in; until then handshakes wait. */
  open(): void
  recheck(userId: string): void
  watchClock(): void
  stats(): SocketStats
  close(): void
}

/** Everything that knows Socket.IO. What clients of earlier backends say and hear is in `legacy/`. */
export function createSocketServer(deps: {
  readonly accounts: Pick<Accounts, 'verify'>
  readonly feed: Feed
  readonly legacy: LegacyClients
  readonly noteSosView: NoteSosView
  readonly options: LiveOptions
  readonly now: () => number
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>
}): SocketServer {
  const { accounts, feed, legacy, noteSosView, options, now, log } = deps
  const waitingRoom = createWaitingRoom({ max: options.waitingMax, perClientMax: options.waitingPerClientMax })
  const leaveWaitingRoom = new WeakMap<object, () => void>()
  const clientBehind = (request: IncomingMessage) =>
    clientOf(proxyAddress(request, (_address, hop) => hop < options.proxyHops))
  const io = createIo(options, (request) => {
    if (seats.size >= options.connectionsMax) return 'the live feed is full'
    if (waitingRoom.hasRoom(clientBehind(request))) return undefined
    refusals['too-many-handshakes'] = (refusals['too-many-handshakes'] ?? 0) + 1
    return 'too many connections that say nothing'
  })
  const seats = new Map<Guest, { readonly socket: Socket; readonly viewer: Viewer; readonly member: Member }>()
  const refusals: Record<string, number> = Object.create(null)
  let shutOut = 0
  let open = () => {}
  const isOpen = new Promise<void>((resolve) => {
    open = resolve
  })

  const admission = createAdmission({
    accounts,
    options,
    now,
    log,
    callbacks: {
      onIdentity(guest) {
        const seat = seats.get(guest)
        if (seat === undefined) return
        const { viewer, member } = seat
        legacy.recheck(member)
        feed.setSeesSos(viewer, may(guest.identity.role, 'live.sos'))
        if (viewer.isStanding) feed.setStanding(viewer, false)
      },
      onStand(guest, error, graceMs) {
        const seat = seats.get(guest)
        if (seat === undefined) return
        feed.setStanding(seat.viewer, true)
        seat.socket.emit(liveEvents.reauthenticate, { ...toRefusal(error), graceMs })
      },
      onEnd(guest, error) {
        const seat = seats.get(guest)
        if (seat === undefined) return
        shutOut++
        seat.socket.emit(liveEvents.reauthenticate, { ...toRefusal(error), graceMs: 0 })
        seat.socket.disconnect(true)
      },
    },
  })

  /** Whatever goes wrong becomes an answer; what is not our own word for it is logged and not shown. */
  function refuse(error: unknown): AppError {
    const known = error instanceof AppError ? error : undefined
    if (known === undefined) log.error({ err: error }, 'live feed request failed')
    const told = known ?? new AppError('internal', 'internal', 'Something went wrong')
    refusals[told.code] = (refusals[told.code] ?? 0) + 1
    return told
  }

  async function admit(socket: Socket, next: (error?: Error) => void): Promise<void> {
    try {
      await isOpen
      socket.data = await admission.admit({ token: findToken(socket) })
      next()
    } catch (error) {
      const told = refuse(error)
      next(Object.assign(new Error(told.message), { data: { code: told.code } }))
    }
  }

  function onConnection(socket: Socket): void {
    const guest: Guest = socket.data
    const viewer = feed.addViewer({
      connection: toConnection(socket),
      seesSos: may(guest.identity.role, 'live.sos'),
      sawPlaceOf: (sosId) => noteSosView(guest.identity, sosId),
    })
    leaveWaitingRoom.get(socket.conn)?.()
    admission.enter(guest)
    const member = toMember(socket, viewer)
    seats.set(guest, { socket, viewer, member })
    limitRequests(socket)
    socket.on('disconnect', () => {
      seats.delete(guest)
      admission.leave(guest)
      legacy.leave(member)
      feed.removeViewer(viewer)
    })

    answer(socket, liveEvents.subscribe, (request) => {
      const { viewport, focus, resume } = parseRequest(liveSubscribeSchema, request)
      const point = resume?.view ? { epoch: resume.epoch, seq: resume.seq, view: resume.view } : undefined
      const resumed = feed.subscribe(viewer, { viewport, focus }, point)
      return { ok: true, resumed, expiresAtMs: guest.identity.expiresAtMs }
    })
    answer(socket, liveEvents.viewport, (request) => {
      const wanted = parseRequest(liveViewportSchema, request)
      if (viewer.group === undefined) throw new AppError('conflict', 'not-subscribed', 'Subscribe first')
      feed.changeView(viewer, wanted)
      return { ok: true }
    })
    answer(socket, liveEvents.authenticate, async (request) => {
      const { identity } = await admission.reauthenticate(guest, request)
      return { ok: true, expiresAtMs: identity.expiresAtMs }
    })
    for (const event of Object.keys(legacy.handlers) as LegacyEvent[]) {
      answer(socket, event, async (request) => {
        // Nobody is kept from calling for help by a token that ran out a moment ago.
        if (viewer.isStanding && event !== 'sos_triggered') {
          throw new AppError('unauthenticated', 'token-expired', 'The access token has expired')
        }
        return { ok: true, ...(await legacy.handlers[event](member, request)) }
      })
    }
    legacy.enter(member)
  }

  /** The one way for a client's event to be heard: it stands in the access table, and is asked there each time. */
  function answer(socket: Socket, event: SocketEvent, handle: (request: unknown) => unknown): void {
    socket.on(event, async (...args: unknown[]) => {
      const reply = args.at(-1)
      const guest: Guest = socket.data
      let result: unknown
      try {
        if (!may(guest.identity.role, socketAccess[event])) {
          throw new AppError('forbidden', 'forbidden', 'Your role may not do this')
        }
        result = await handle(typeof args[0] === 'function' ? undefined : args[0])
      } catch (error) {
        result = toRefusal(refuse(error))
        // Earlier clients ask for no answer.
        if (typeof reply !== 'function') socket.emit('error', result)
      }
      if (typeof reply === 'function') reply(result)
    })
  }

  function toMember(socket: Socket, viewer: Viewer): Member {
    const guest: Guest = socket.data
    return {
      identity: () => guest.identity,
      isStanding: () => viewer.isStanding,
      tell(event, body) {
        if (!viewer.connection.hasRoom(options.urgentQueue)) return false
        socket.emit(event, body)
        return true
      },
      close: () => socket.disconnect(true),
    }
  }

  function limitRequests(socket: Socket): void {
    const allowance = createAllowance({ perS: options.requestsPerS, burst: options.requestsBurst })
    let refused = 0
    socket.use((packet, next) => {
      // What was on its way when it was cut off.
      if (!socket.connected) return
      // A call for help is never refused; while one is on its way to disk, more of them are one with it.
      if (packet[0] === 'sos_triggered' || allowance.take(now())) return next()
      const told = refuse(new AppError('too-many', 'too-many-requests', 'Too many requests'))
      const reply = packet.at(-1)
      if (++refused > options.requestsRefusedMax) socket.disconnect(true)
      else if (typeof reply === 'function') reply(toRefusal(told))
    })
  }

  io.use((socket, next) => void admit(socket, next))
  io.on('connection', onConnection)

  return {
    attach(httpServer) {
      io.attach(httpServer)
      io.engine.on('connection', (connection: EngineConnection) => {
        const leave = waitingRoom.enter(clientBehind(connection.request))
        leaveWaitingRoom.set(connection, leave)
        connection.once('close', leave)
      })
    },
    open,
    page: (userId, notice, signal) =>
      pageSockets(
        [...seats].flatMap(([{ identity }, { socket, viewer }]) =>
          // Whoever holds no good token at this moment is told nothing, and nothing is piled up for who does not read.
          identity.userId === userId && !viewer.isStanding && viewer.connection.hasRoom(options.urgentQueue)
            ? [socket]
            : [],
        ),
        notice,
        signal,
      ),
    recheck: admission.recheckUser,
    watchClock: admission.watchClock,
    stats: () => ({ connections: io.engine?.clientsCount ?? 0, refusals: { ...refusals }, shutOut }),
    close() {
      // Not io.close(): the HTTP server is not ours to close.
      io.disconnectSockets(true)
      io.engine?.close()
    },
  }
}

type LegacyEvent = keyof LegacyClients['handlers']

/** What is needed here of an Engine.IO connection. */
interface EngineConnection {
  readonly request: IncomingMessage
  once(event: 'close', listener: () => void): void
}

/** @param refuse says why a request for a connection is refused */
function createIo(options: LiveOptions, refuse: (request: IncomingMessage) => string | undefined): Server {
  return new Server({
    path: '/socket.io',
    // MQTT over WebSocket is served on the same port.
    destroyUpgrade: false,
    serveClient: false,
    maxHttpBufferSize: options.messageBytesMax,
    connectTimeout: options.handshakeMsMax,
    upgradeTimeout: options.handshakeMsMax,
    allowRequest: (request, done) => {
      const reason = refuse(request)
      done(reason ?? null, reason === undefined)
    },
  })
}

/** Earlier clients send it as they do to HTTP. */
function findToken({ handshake }: Socket): unknown {
  if (handshake.auth.token !== undefined) return handshake.auth.token
  return /^(?:bearer|token) +(\S+)$/i.exec(handshake.headers.authorization ?? '')?.[1]
}

function toRefusal({ code, message }: AppError): LiveRefusal {
  return { error: { code, message } }
}
