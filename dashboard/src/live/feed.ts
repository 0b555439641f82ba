import { io, type Socket } from 'socket.io-client'
import type { BoundingBox } from '../../../contracts/geo.ts'
import {
  type LiveDelta,
  type LiveRefusal,
  type LiveSnapshot,
  type LiveSubscribe,
  type LiveViewport,
  liveEvents,
} from '../../../contracts/live.ts'
import type { SocketNotice } from '../../../contracts/ports/outbox.ts'
import { currentAccessToken, recheckUser, refreshSession } from '../session/session.ts'
import { createLiveStore, type LiveStore } from './live-store.ts'

export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  /** What is on the screen is as of `sinceMs`. */
  | { readonly state: 'lost'; readonly sinceMs: number }
  /** The server does not let this account see the feed; trying again would not help. */
  | { readonly state: 'refused'; readonly message: string }

/** What has happened to the connection so far, for the system page. */
export interface FeedFacts {
  readonly resumedCount: number
  readonly snapshotCount: number
  readonly gapCount: number
  readonly lostCount: number
  readonly lastMessageAtMs: number | undefined
}

type SubscribeAnswer = { readonly ok: true; readonly resumed: boolean } | LiveRefusal

export interface LiveFeed {
  readonly store: LiveStore
  connection(): Connection
  facts(): FeedFacts
  /** What this account was told and has not put away, newest first. */
  notices(): readonly SocketNotice[]
  putAway(noticeId: string): void
  subscribe(listener: () => void): () => void
  /** Which part of the city this screen shows; `undefined` means all of it. */
  setViewport(box: BoundingBox | undefined): void
  /** Devices to be told of in full wherever they are. @returns a function that ends the wish */
  focusOn(deviceId: string): () => void
  start(): void
  stop(): void
}

/** The server tells of itself every second or two; longer silence means the line has died without a word. */
const silenceMaxMs = 12_000
const focusMax = 16
/** Pause before asking again when the server said no for now: it is full, or was asked too often. */
const refusedPauseMs = 5000
/** Older ones give way: the server keeps all of them. */
const noticesMax = 5

/** Socket.IO client of contracts/live.ts: subscribes, notices gaps, goes on from where it was, says when it is blind. */
export function createLiveFeed(): LiveFeed {
  const store = createLiveStore()
  const listeners = new Set<() => void>()
  const focus = new Map<string, number>()
  let socket: Socket | undefined
  let connection: Connection = { state: 'connecting' }
  let viewport: BoundingBox | undefined
  let notices: readonly SocketNotice[] = []
  let facts: FeedFacts = {
    resumedCount: 0,
    snapshotCount: 0,
    gapCount: 0,
    lostCount: 0,
    lastMessageAtMs: undefined,
  }
  let silenceTimer: ReturnType<typeof setInterval> | undefined
  /** Asked and not yet answered; a run of gaps asks once. */
  let isSubscribing = false
  let hasTriedNewToken = false
  let retryTimer: ReturnType<typeof setTimeout> | undefined

  function setConnection(next: Connection): void {
    connection = next
    for (const listener of listeners) listener()
  }

  function lose(): void {
    if (connection.state !== 'live') return
    facts = { ...facts, lostCount: facts.lostCount + 1 }
    setConnection({ state: 'lost', sinceMs: facts.lastMessageAtMs ?? Date.now() })
  }

  function heard(): void {
    hasTriedNewToken = false
    facts = { ...facts, lastMessageAtMs: Date.now() }
    if (connection.state !== 'live') setConnection({ state: 'live' })
  }

  function currentView(): LiveViewport {
    return { viewport: viewport ?? null, focus: [...focus.keys()].slice(0, focusMax) }
  }

  function subscribeToCity(): void {
    if (isSubscribing) return
    isSubscribing = true
    const wish: LiveSubscribe = { ...currentView(), resume: currentPosition() }
    socket?.emit(liveEvents.subscribe, wish, (answer: SubscribeAnswer) => {
      // Refused, it stays asked until the pause is over, whatever gaps are noticed meanwhile.
      if ('error' in answer) return onRefusal(answer.error, subscribeAgain)
      isSubscribing = false
      // Not resumed, the picture begins with the snapshot.
      if (!answer.resumed) return
      facts = { ...facts, resumedCount: facts.resumedCount + 1 }
      heard()
    })
  }

  function subscribeAgain(): void {
    isSubscribing = false
    subscribeToCity()
  }

  function currentPosition(): LiveSubscribe['resume'] {
    const { position } = store
    if (position === undefined) return null
    const { epoch, seq, view } = position
    return { epoch, seq, view: { ...view, focus: [...view.focus] } }
  }

  function tellView(): void {
    if (socket?.connected && store.position !== undefined) socket.emit(liveEvents.viewport, currentView())
  }

  function onRefusal({ code, message }: LiveRefusal['error'], tryAgain: () => void): void {
    if (code !== 'forbidden') {
      retryTimer = setTimeout(tryAgain, refusedPauseMs)
      return
    }
    setConnection({ state: 'refused', message })
    // Whoever may not watch is not shown a feed, so the role is not what it was.
    void recheckUser()
  }

  function onSnapshot(snapshot: LiveSnapshot): void {
    facts = { ...facts, snapshotCount: facts.snapshotCount + 1 }
    store.takeSnapshot(snapshot)
    heard()
  }

  function onDelta(delta: LiveDelta): void {
    if (store.takeDelta(delta)) {
      heard()
      return
    }
    facts = { ...facts, gapCount: facts.gapCount + 1 }
    subscribeToCity()
  }

  /** Nobody looks at a hidden page: without an answer the person is told another way. */
  function onNotice(notice: SocketNotice, reply: (answer: { readonly shown: true }) => void): void {
    if (document.visibilityState !== 'visible') return
    notices = [notice, ...notices.filter(({ id }) => id !== notice.id)].slice(0, noticesMax)
    for (const listener of listeners) listener()
    reply({ shown: true })
  }

  /** Our token has ended while we looked on; with a new one the feed goes on where it stood. */
  async function reauthenticate(): Promise<void> {
    const isSignedIn = await refreshSession().catch(() => false)
    if (isSignedIn) socket?.emit(liveEvents.authenticate, { token: currentAccessToken() })
  }

  /** Socket.IO tries again by itself when the line is bad, but not when the server said no. */
  async function onConnectError(error: Error & { data?: { code?: string } }): Promise<void> {
    lose()
    const current = socket
    if (current === undefined || current.active) return
    const code = error.data?.code ?? ''
    const connectAgain = () => {
      if (socket === current) current.connect()
    }
    const needsToken = code !== 'forbidden' && !code.startsWith('too-many')
    // A new token is asked for once; should it not help either, asking on would only use up the limit on refreshes.
    if (!needsToken || hasTriedNewToken) {
      onRefusal({ code, message: error.message }, connectAgain)
      return
    }
    hasTriedNewToken = true
    if (await refreshSession().catch(() => true)) connectAgain()
  }

  function watchSilence(): void {
    const silentMs = Date.now() - (facts.lastMessageAtMs ?? Date.now())
    if (connection.state !== 'live' || silentMs < silenceMaxMs) return
    lose()
    socket?.disconnect().connect()
  }

  return {
    store,
    connection: () => connection,
    facts: () => facts,
    notices: () => notices,
    putAway(noticeId) {
      notices = notices.filter(({ id }) => id !== noticeId)
      for (const listener of listeners) listener()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    setViewport(box) {
      viewport = box
      tellView()
    },
    focusOn(deviceId) {
      focus.set(deviceId, (focus.get(deviceId) ?? 0) + 1)
      tellView()
      return () => {
        const wishes = (focus.get(deviceId) ?? 0) - 1
        if (wishes > 0) focus.set(deviceId, wishes)
        else focus.delete(deviceId)
        tellView()
      }
    },
    start() {
      if (socket !== undefined) return
      setConnection({ state: 'connecting' })
      socket = io({
        auth: (answer) => answer({ token: currentAccessToken() }),
        transports: ['websocket', 'polling'],
        reconnectionDelay: 500,
        reconnectionDelayMax: 4000,
      })
      socket.on('connect', subscribeToCity)
      socket.on('disconnect', (reason) => {
        isSubscribing = false
        lose()
        if (reason === 'io server disconnect') void onConnectError(new Error(reason))
      })
      socket.on('connect_error', (error) => void onConnectError(error))
      socket.on(liveEvents.snapshot, onSnapshot)
      socket.on(liveEvents.delta, onDelta)
      socket.on(liveEvents.notice, onNotice)
      socket.on(liveEvents.reauthenticate, () => void reauthenticate())
      silenceTimer = setInterval(watchSilence, 1000)
    },
    stop() {
      clearInterval(silenceTimer)
      clearTimeout(retryTimer)
      socket?.close()
      socket = undefined
      isSubscribing = false
      notices = []
      store.clear()
      setConnection({ state: 'connecting' })
    },
  }
}
