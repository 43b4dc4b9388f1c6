import { encodePcmu } from '@parley/audio'
import {
  ParleyError,
  type AudioFormat,
  type CloseReason,
  type EndpointHandlers,
  type EndpointInfo,
  type MediaEndpoint,
  type Socket,
} from '@parley/spec'
import type { PacedOutput } from '../../output/far-end.ts'
import { createPacedOutput } from '../../output/paced-output.ts'
import { createTwilioInput } from './twilio-input.ts'
import type { TwilioMessage, TwilioStart } from './twilio-message.ts'
import type { TwilioSettings } from './twilio-options.ts'
import type { TwilioRest } from './twilio-rest.ts'

/** Counts of what was left out. */
export interface TwilioCounts {
  /** Messages that could not be read, and payloads that are no audio or came late. */
  invalid: number
  /** Events of kinds that are not known here. */
  unknown: number
  /** Messages that came before the call took its endpoint, beyond what is kept. */
  dropped: number
}

/** The media of one phone call. */
export interface TwilioMedia extends MediaEndpoint {
  readonly output: PacedOutput
  readonly callSid: string
  readonly streamSid: string
  readonly accountSid: string
  /** What the answer to the call gave along (`twimlConnect`); `from` and `to` are among it when our own answer was used. */
  readonly parameters: Readonly<Record<string, string>>
  readonly from: string | undefined
  readonly to: string | undefined
  readonly counts: Readonly<TwilioCounts>
  /** Resolves when the stream is over. */
  readonly ended: Promise<void>
}

/** The wire's side of a call: gets what the socket says. */
export interface TwilioMediaFeed {
  readonly endpoint: TwilioMedia
  take(message: TwilioMessage | 'unknown' | 'invalid'): void
  /** The socket has closed. */
  gone(): void
}

const phoneFormat: AudioFormat = { encoding: 'pcmu', sampleRateHz: 8_000, channels: 1 }
/** How far sending is ahead of playout: the way to Twilio is uneven, and its buffer can be cleared. */
const headroomMs = 200
const aheadMs = 2_000
/** Twilio does not say how long a key was pressed. */
const digitMs = 100
const heldMessages = 250
const maxBufferedBytes = 1_048_576
const hangupMs = 1_500
/** Reasons that leave the phone call to others, or find it over. */
const leavesCallAlone = new Set<CloseReason>(['transfer', 'moved'])

export function createTwilioMedia({
  settings,
  rest,
  socket,
  start,
}: {
  settings: TwilioSettings
  rest: TwilioRest
  socket: Socket
  start: TwilioStart
}): TwilioMediaFeed {
  const { clock, logger } = settings
  const { streamSid, callSid, accountSid, customParameters: parameters } = start
  const counts: TwilioCounts = { invalid: 0, unknown: 0, dropped: 0 }
  const codes = new Uint8Array(160)
  const done = Promise.withResolvers<void>()
  let handlers: EndpointHandlers | undefined
  let held: TwilioMessage[] = []
  let isOver = false
  let hasHungUp = false
  let closing: Promise<void> | undefined
  let endReason: CloseReason | undefined

  const say = (event: string, more?: object): void => socket.send(JSON.stringify({ event, streamSid, ...more }))
  const info: EndpointInfo = {
    id: callSid,
    kind: 'twilio',
    direction: parameters['direction'] === 'outbound' ? 'outbound' : 'inbound',
    inputFormat: phoneFormat,
    outputFormat: phoneFormat,
    echo: 'none',
    farBufferMs: aheadMs,
    capabilities: { clear: true, pause: 'rewind', played: 'mark', dtmfOut: false },
  }
  const output = createPacedOutput({
    clock,
    format: phoneFormat,
    farBufferMs: info.farBufferMs,
    capabilities: info.capabilities,
    headroomMs,
    aheadMs,
    onError: ({ code, message }) => logger.warn('Speech of a phone call was given up.', { callSid, code, message }),
    link: {
      send(samples) {
        // A network that takes nothing would have us keep everything.
        if (socket.bufferedAmount > maxBufferedBytes) return over('lost')
        const { length, buffer } = encodePcmu(samples, codes)
        say('media', { media: { payload: Buffer.from(buffer, 0, length).toString('base64') } })
      },
      clear: () => say('clear'),
      mark: (name) => say('mark', { mark: { name } }),
    },
  })
  const input = createTwilioInput({ clock, onFrame: (frame, atMs) => handlers?.onFrame(frame, atMs) })

  const over = (reason: CloseReason, { isHangingUp = false } = {}): void => {
    if (isOver) return
    isOver = true
    endReason = reason
    input.close()
    output.close()
    held = []
    // Twilio goes on with the call's next instruction when the stream ends, so a hangup comes first.
    if (!isHangingUp) socket.close(1000)
    done.resolve()
    handlers?.onClose(reason)
    handlers = undefined
  }
  const act = (message: TwilioMessage): void => {
    switch (message.event) {
      case 'media':
        if (message.media.track === 'outbound') return
        if (!input.push(message.media.payload, message.media.timestamp)) counts.invalid += 1
        return
      case 'dtmf':
        return handlers?.onDtmf(message.dtmf.digit, digitMs)
      case 'mark':
        return output.markPlayed(message.mark.name)
      case 'stop':
        hasHungUp = true
        return over('hangup')
      case 'connected':
      case 'start':
        return // said once, before; a second time it changes nothing
    }
  }
  const hangup = async (): Promise<void> => {
    const patience = new AbortController()
    const stop = clock.setTimer(hangupMs, () => patience.abort())
    try {
      await rest.hangup({ callSid, accountSid }, patience.signal)
    } catch (error) {
      // The stream's end ends the call too where nothing else was asked for; who called close has nothing to decide.
      const code = ParleyError.isInstance(error) ? error.code : 'internal_error'
      logger.warn('Twilio did not end the phone call.', { callSid, code })
    } finally {
      stop()
    }
  }

  const endpoint: TwilioMedia = Object.freeze({
    info,
    output,
    callSid,
    streamSid,
    accountSid,
    parameters: Object.freeze({ ...parameters }),
    from: parameters['from'],
    to: parameters['to'],
    counts,
    ended: done.promise,
    async start(next) {
      if (handlers !== undefined) {
        const message = `The media of call ${callSid} was started before. Start an endpoint once.`
        throw new ParleyError({ code: 'invalid_options', message, details: { callSid } })
      }
      if (isOver) return next.onClose(endReason ?? 'hangup')
      handlers = next
      next.onState('connected')
      const waiting = held
      held = []
      for (const message of waiting) act(message)
    },
    close(reason) {
      closing ??= (async () => {
        const mustHangUp = !hasHungUp && !isOver && !leavesCallAlone.has(reason)
        over(reason, { isHangingUp: mustHangUp })
        if (!mustHangUp) return
        await hangup()
        socket.close(1000)
      })()
      return closing
    },
  } satisfies TwilioMedia)

  return {
    endpoint,
    take(message) {
      if (isOver) return
      if (message === 'invalid') counts.invalid += 1
      else if (message === 'unknown') counts.unknown += 1
      else if (handlers !== undefined || message.event === 'stop' || message.event === 'mark') act(message)
      else {
        held.push(message)
        if (held.length <= heldMessages) return
        held.shift()
        counts.dropped += 1
      }
    },
    gone: () => over(hasHungUp ? 'hangup' : 'lost'),
  }
}
