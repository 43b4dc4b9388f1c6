import type {
  AudioFormat,
  CallView,
  Clock,
  CloseReason,
  Disposer,
  EndpointHandlers,
  EndpointInfo,
  MediaEndpoint,
} from '@parley/spec'
import { createCallerLine, type CallerLine } from './caller-line.ts'
import { listen, type HeardSpeech, type ListenOptions } from './listen.ts'
import { createVirtualOutput, type VirtualOutput } from './virtual-output.ts'

/** Options of `createTestEndpoint`. */
export interface TestEndpointOptions {
  clock: Clock
  /** @default 'test-endpoint' */
  id?: string
  /** @default 'test' */
  kind?: EndpointInfo['kind']
  /** @default 'inbound' */
  direction?: EndpointInfo['direction']
  /** @default 'client' */
  echo?: EndpointInfo['echo']
  /** @default pcm16, 16 kHz, mono */
  inputFormat?: AudioFormat
  /** @default pcm16, 16 kHz, mono */
  outputFormat?: AudioFormat
  /** @default clear, native pause, played by report, no digits out */
  capabilities?: Partial<EndpointInfo['capabilities']>
  withoutAudio?: boolean
  /** Audio that may wait in the output, in milliseconds. @default 10 000 */
  queueMs?: number
  /** Time that reports of playout take, in milliseconds. @default 0 */
  reportDelayMs?: number
  /** Whether the caller's frames come by themselves every 20 ms from `start`. @default true */
  sendsFrames?: boolean
  /** Seed of the loss and the noise of the line. @default 1 */
  seed?: number
}

/** The person's side of a test endpoint. */
export interface TestCaller extends CallerLine {
  dtmf(digit: string, durationMs?: number): void
  type(text: string, id?: string): void
  talk(down: boolean): void
  interrupt(): void
  consent(granted: boolean): void
  /** The line is lost, or up again. */
  lose(): void
  resume(): void
  hangup(): void
}

/** A media endpoint whose person is a test. */
export interface TestEndpoint extends MediaEndpoint {
  readonly output: VirtualOutput
  readonly caller: TestCaller
  /** What the person heard so far, read by tone code. */
  heard(options?: ListenOptions): HeardSpeech[]
  /** What the person's screen was shown, in order. */
  readonly views: readonly CallView[]
  /** Digits sent to the person's end. */
  readonly sentDtmf: string
  readonly handlers: EndpointHandlers | undefined
  readonly closedWith: CloseReason | undefined
}

const frameMs = 20

/** Makes an endpoint in virtual time: frames of the person every 20 ms, playout at real speed by the clock. */
export function createTestEndpoint({
  clock,
  id = 'test-endpoint',
  kind = 'test',
  direction = 'inbound',
  echo = 'client',
  inputFormat = { encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 },
  outputFormat = { encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 },
  capabilities = {},
  withoutAudio,
  queueMs = 10_000,
  reportDelayMs = 0,
  sendsFrames = true,
  seed = 1,
}: TestEndpointOptions): TestEndpoint {
  const info: EndpointInfo = {
    id,
    kind,
    direction,
    inputFormat,
    outputFormat,
    echo,
    farBufferMs: 0,
    capabilities: { clear: true, pause: 'native', played: 'report', dtmfOut: false, ...capabilities },
    ...(withoutAudio !== undefined && { withoutAudio }),
  }
  const output = createVirtualOutput({
    clock,
    queueMs,
    reportDelayMs,
    pause: info.capabilities.pause,
    sampleRateHz: outputFormat.sampleRateHz,
  })
  const views: CallView[] = []
  let handlers: EndpointHandlers | undefined
  let timer: Disposer | undefined
  let closedWith: CloseReason | undefined
  let sentDtmf = ''
  let typed = 0
  let isLost = false

  const line = createCallerLine({
    clock,
    sampleRateHz: inputFormat.sampleRateHz,
    seed,
    onFrame: (frame, atMs) => {
      if (!isLost) handlers?.onFrame(frame, atMs)
    },
    onMuted: (muted) => handlers?.onMuted(muted),
  })
  const end = (reason: CloseReason): void => {
    if (closedWith !== undefined) return
    closedWith = reason
    timer?.()
    timer = undefined
    line.close()
    output.close()
    handlers?.onClose(reason)
    handlers = undefined
  }
  const caller: TestCaller = Object.assign(line, {
    dtmf: (digit: string, durationMs = 100) => handlers?.onDtmf(digit, durationMs),
    type: (text: string, textId = `typed-${++typed}`) => handlers?.onText(text, textId),
    talk: (down: boolean) => handlers?.onTalk(down),
    interrupt: () => handlers?.onInterrupt(),
    consent: (granted: boolean) => handlers?.onConsent('recording', granted),
    lose() {
      isLost = true
      handlers?.onState('lost')
    },
    resume() {
      isLost = false
      handlers?.onState('resumed')
    },
    hangup: () => end('hangup'),
  })

  return {
    info,
    output,
    caller,
    views,
    heard: (options) => listen(output.heard, options),
    start(given) {
      handlers = given
      given.onState('connected')
      const startedAtMs = clock.monotonicMs()
      let frames = 0
      // Frame n is sent when its last sample has been said, on the absolute clock.
      const tick = (): void => {
        timer = clock.setTimer(startedAtMs + ++frames * frameMs - clock.monotonicMs(), () => {
          line.sendFrame()
          if (closedWith === undefined) tick()
        })
      }
      if (sendsFrames && withoutAudio !== true && closedWith === undefined) tick()
      return Promise.resolve()
    },
    show(view) {
      views.push(view)
    },
    sendDtmf(digits) {
      sentDtmf += digits
      return Promise.resolve()
    },
    close(reason) {
      end(reason)
      return Promise.resolve()
    },
    get sentDtmf() {
      return sentDtmf
    },
    get handlers() {
      return handlers
    },
    get closedWith() {
      return closedWith
    },
  }
}
