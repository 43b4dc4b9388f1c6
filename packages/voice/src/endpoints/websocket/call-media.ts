import {
  callCloseCodes,
  encodeCallFrame,
  type CallFrame,
  type CallView,
  type ClientCallMessage,
  type Clock,
  type CloseReason,
  type Disposer,
  type IdSource,
  type Logger,
  type MediaEndpoint,
  type ServerCallMessage,
} from '@parley/spec'
import { createPacedOutput } from '../../output/paced-output.ts'
import { endpointInfo, negotiateAudio, type CallAudio } from './call-audio.ts'
import { createDownlink } from './downlink.ts'
import { createHeardThrottle } from './heard-throttle.ts'
import { createHeldHandlers } from './held-handlers.ts'
import { createCallReaders } from './call-readers.ts'
import type { MediaConnection } from './media-connection.ts'
import type { CallGrant, WebSocketMediaLimits } from './media-options.ts'
import { createMessageLog, type UnnumberedMessage } from './message-log.ts'
import { tellPersonMessage } from './person-message.ts'
import { createUplink } from './uplink.ts'
import { isDroppable, standingViews, toViewMessage } from './view-message.ts'

type Hello = Extract<ClientCallMessage, { type: 'hello' }>

/** What was ignored or left out, by kind. */
export interface MediaCounts {
  /** Audio before `welcome` or from a socket that only reads. */
  earlyAudio: number
  /** Audio of a wrong codec, rate or epoch, or damaged. */
  wrongAudio: number
  /** Reports of playout of another epoch. */
  staleReports: number
  /** Messages left out because the peer was slow. */
  shed: number
  unknown: number
}

/** A browser's call as a media endpoint. */
export interface WebSocketMediaEndpoint extends MediaEndpoint {
  readonly callId: string
  readonly grant: CallGrant
  readonly hello: Pick<Hello, 'capabilities' | 'client' | 'language'>
  readonly counts: Readonly<MediaCounts>
  show(view: CallView): void
}

/** A call's media, which outlives its sockets. */
export interface CallMedia {
  readonly endpoint: WebSocketMediaEndpoint
  readonly identity: string
  readonly isLive: boolean
  readonly counts: MediaCounts
  /** Whether a token takes the call up again and all messages after `lastSeq` are kept; attaching gives a new one. */
  redeem(resumeToken: string, lastSeq: number): boolean
  /** Makes a socket the person's end; the one before it is closed with 4409. */
  attach(connection: MediaConnection, how: { resumeAfter?: number }): void
  /** A socket that is told everything and says nothing. */
  addReader(connection: MediaConnection): void
  removeReader(connection: MediaConnection): void
  /** The socket has ended, without the call. */
  detach(connection: MediaConnection): void
  onMessage(message: ClientCallMessage): void
  onUnknown(seq: number): void
  onFault(path: string, seq: number | undefined): void
  onFrame(frame: CallFrame): void
  /** The server goes down: the person may come back elsewhere. */
  drain(url: string | undefined): void
}

/** What a call's media is made with. */
export interface CallMediaOptions {
  callId: string
  grant: CallGrant
  hello: Hello
  clock: Clock
  ids: IdSource
  limits: WebSocketMediaLimits
  logger: Logger
  /** The call is over. */
  onEnded(): void
}

const ackEvery = 32
const closeMs = 2_000

/** Makes the media of a call from its first accepted `hello`. */
export function createCallMedia(options: CallMediaOptions): CallMedia {
  const { callId, grant, hello, clock, ids, limits, logger, onEnded } = options
  const audio: CallAudio = negotiateAudio(hello.audio)
  const counts: MediaCounts = { earlyAudio: 0, wrongAudio: 0, staleReports: 0, shed: 0, unknown: 0 }
  const held = createHeldHandlers()
  const log = createMessageLog(limits.ringMessages)
  const standing = new Map<string, UnnumberedMessage>()
  const readers = createCallReaders()
  let connection: MediaConnection | undefined
  let received = 0
  let unacked = 0
  let resumeToken: string | undefined
  let windowTimer: Disposer | undefined
  let wasDrained = false
  let isOver = false
  let whenClosed: Promise<void> | undefined
  let hasBeenAttached = false

  const send = (message: UnnumberedMessage): void => {
    if (isOver) return
    if (isDroppable(message) && (connection === undefined || connection.isSlow)) {
      counts.shed += 1
    } else {
      const text = log.add(message)
      connection?.send(text)
    }
    readers.tell(message)
  }
  const downlink = createDownlink({
    audio: audio.down,
    send,
    sendFrame: (frame) => connection?.sendAudio(encodeCallFrame(frame)),
  })
  const heard = createHeardThrottle(clock, limits.heardIntervalMs, send)
  const info = endpointInfo({ id: ids.next('media'), audio, hello })
  const output = createPacedOutput({
    clock,
    format: { encoding: 'pcm16', sampleRateHz: audio.down.rate, channels: 1 },
    farBufferMs: info.farBufferMs,
    capabilities: info.capabilities,
    link: downlink.link,
    onError: ({ code, details }) => logger.warn('call output failed', { callId, code, details }),
  })
  const uplink = createUplink({
    ...audio.up,
    clock,
    onFrame: (frame, atMs) => held.frame(frame, atMs),
  })

  const finish = (): void => {
    if (isOver) return
    isOver = true
    windowTimer?.()
    heard.close()
    output.close()
    onEnded()
  }
  const endAll = (reason: string, code: number, url?: string): void => {
    for (const end of [connection, ...readers.clear()]) {
      end?.tell({ type: 'bye', reason, code, ...(url === undefined ? {} : { url }) })
      end?.close(code, reason)
    }
    connection = undefined
  }
  /** The media ends from this side or the person's; the call is told. */
  const endWith = (reason: CloseReason): void => {
    if (isOver) return
    finish()
    endAll(reason, callCloseCodes.ended)
    held.deliver((handlers) => handlers.onClose(reason))
    held.close()
  }
  const loseConnection = (): void => {
    connection = undefined
    output.lost()
    held.deliver((handlers) => handlers.onState('lost'))
    windowTimer = clock.setTimer(limits.resumeWindowMs, () => endWith(wasDrained ? 'moved' : 'lost'))
  }
  /** Takes a number as received: `false` when the message was here before. */
  const take = (seq: number): boolean => {
    if (seq <= received) return false
    // Nothing gets lost within a connection, so the sender counts wrong; what it says still holds.
    if (seq > received + 1) fault('seq')
    received = seq
    unacked += 1
    if (unacked >= ackEvery) acknowledge()
    return true
  }
  const acknowledge = (): void => {
    unacked = 0
    connection?.tell({ type: 'ack' }, received)
  }
  const fault = (path: string): void =>
    send({
      type: 'error',
      code: 'media_protocol_error',
      message: 'A message of the call could not be read; it was ignored.',
      retryable: false,
      fatal: false,
      path,
    })

  const report = (message: Extract<ClientCallMessage, { type: 'played' | 'cleared' | 'paused' }>): void => {
    // The answer to a clear names the new epoch, as reports of what plays do.
    if (message.epoch !== output.epoch) counts.staleReports += 1
    else if (message.type === 'cleared') output.cleared(message)
    else if (message.type === 'played') output.played(message)
    else if (downlink.playing !== undefined) output.played({ ...message, utteranceId: downlink.playing })
  }

  const endpoint: WebSocketMediaEndpoint = {
    callId,
    grant,
    hello: { capabilities: hello.capabilities, client: hello.client, language: hello.language },
    counts,
    info,
    output,
    async start(handlers) {
      if (!isOver) handlers.onState(connection === undefined ? 'lost' : 'connected')
      held.start(handlers)
    },
    show(view: CallView) {
      if (view.type === 'metrics' && grant.features?.includes('metrics') !== true) return
      if (view.type === 'heard') return heard.show(view)
      const message = toViewMessage(view)
      if (message === undefined) return
      if (standingViews.includes(message.type)) standing.set(message.type, message)
      send(message)
    },
    async close(reason) {
      whenClosed ??= (async () => {
        const last = connection
        finish()
        endAll(reason, reason === 'moved' ? callCloseCodes.draining : callCloseCodes.ended)
        held.close()
        await last?.ended(closeMs)
      })()
      await whenClosed
    },
  }

  return {
    endpoint,
    identity: grant.identity,
    counts,
    get isLive() {
      return connection !== undefined
    },
    redeem(token, lastSeq) {
      if (isOver || resumeToken === undefined || token !== resumeToken) return false
      return log.after(lastSeq) !== undefined
    },
    attach(next, { resumeAfter }) {
      const before = connection
      windowTimer?.()
      windowTimer = undefined
      connection = undefined
      if (before !== undefined) {
        output.lost()
        before.tell({ type: 'bye', reason: 'takenOver', code: callCloseCodes.takenOver })
        before.close(callCloseCodes.takenOver, 'taken over')
      }
      readers.remove(next)
      wasDrained = false
      resumeToken = ids.token()
      const resumed = resumeAfter !== undefined
      const missed = resumed ? (log.after(resumeAfter) ?? []) : []
      if (!resumed) {
        log.restart()
        uplink.restart()
        received = 0
      }
      next.tell(welcomeOf({ resumed, resumeToken, received }))
      connection = next
      for (const text of missed) next.send(text)
      if (!resumed) for (const message of standing.values()) send(message)
      if (hasBeenAttached) {
        output.resumed()
        held.deliver((handlers) => handlers.onState('resumed'))
      }
      hasBeenAttached = true
      next.watch()
    },
    addReader(reader) {
      reader.tell(welcomeOf({ resumed: false, resumeToken: null, received: 0 }))
      readers.add(reader, [...standing.values()])
    },
    removeReader: (reader) => readers.remove(reader),
    detach(gone) {
      if (gone === connection && !isOver) loseConnection()
    },
    onMessage(message) {
      if (message.type === 'ack') return log.acknowledge(message.seq)
      if (message.type === 'ping') return connection?.tell({ type: 'pong', t: message.t })
      if (message.type === 'hello') return fault('type')
      if (!take(message.seq)) return
      if (message.type === 'hangup') return endWith('hangup')
      if (message.type === 'played' || message.type === 'cleared' || message.type === 'paused') return report(message)
      if (message.type === 'stats' && message.outputLatencyMs !== undefined) {
        output.setOutputLatency(message.outputLatencyMs)
      }
      held.deliver((handlers) => tellPersonMessage(message, handlers))
    },
    onUnknown(seq) {
      counts.unknown += 1
      take(seq)
    },
    onFault(path, seq) {
      if (path === 'audio') counts.wrongAudio += 1
      else {
        if (seq !== undefined && seq > 0) take(seq)
        fault(path)
      }
    },
    onFrame(frame) {
      if (!uplink.push(frame)) counts.wrongAudio += 1
    },
    drain(url) {
      wasDrained = true
      const wasLive = connection !== undefined
      endAll('moved', callCloseCodes.draining, url)
      if (wasLive) loseConnection()
    },
  }

  function welcomeOf(how: {
    resumed: boolean
    resumeToken: string | null
    received: number
  }): Omit<Extract<ServerCallMessage, { type: 'welcome' }>, 'v' | 'seq'> {
    return {
      type: 'welcome',
      version: 1,
      callId,
      roomId: grant.roomId,
      participantId: grant.participantId,
      resumeWindowMs: limits.resumeWindowMs,
      audio,
      agent: grant.agent ?? null,
      features: [...(grant.features ?? [])],
      ...how,
    }
  }
}
