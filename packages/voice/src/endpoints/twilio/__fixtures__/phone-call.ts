import type { AudioChunk, AudioFrame, CloseReason, EndpointHandlers, Logger } from '@parley/spec'
import { noLogger } from '@parley/spec'
import { createSocketPair, createVirtualClock, type VirtualClock } from '@parley/testing'
import { createTwilioCallDouble, type TwilioCallDouble, type TwilioFault } from '@parley/testing/doubles'
import { onTestFinished } from 'vitest'
import { createTwilioEndpoint } from '../twilio-endpoint.ts'
import type { TwilioMedia } from '../twilio-media.ts'
import type { TwilioOptions } from '../twilio-options.ts'

/** What a call heard from its endpoint. */
export interface PhoneLog {
  frames: { position: number; length: number; atMs: number; isSilent: boolean; first: number }[]
  digits: string[]
  closed: CloseReason[]
}

export interface PhoneCall {
  clock: VirtualClock
  double: TwilioCallDouble
  media: TwilioMedia
  log: PhoneLog
}

/** Handlers that write down. */
export function recorder(): { log: PhoneLog; handlers: EndpointHandlers } {
  const log: PhoneLog = { frames: [], digits: [], closed: [] }
  const none = (): void => {}
  const handlers: EndpointHandlers = {
    onFrame({ samples, position }: AudioFrame, atMs) {
      const isSilent = samples.every((one) => one === 0)
      log.frames.push({ position, length: samples.length, atMs, isSilent, first: samples[0] ?? 0 })
    },
    onDtmf: (digit) => void log.digits.push(digit),
    onClose: (reason) => void log.closed.push(reason),
    onMuted: none,
    onTalk: none,
    onText: none,
    onTranscript: none,
    onInterrupt: none,
    onConsent: none,
    onState: none,
    onStats: none,
  }
  return { log, handlers }
}

/** A call in virtual time, from the double to the endpoint. */
export async function phoneCall({
  faults = [],
  audio,
  parameters,
  options = {},
}: {
  faults?: readonly TwilioFault[]
  audio?: AudioChunk
  parameters?: Record<string, string>
  options?: Partial<TwilioOptions>
} = {}): Promise<PhoneCall> {
  const clock = createVirtualClock()
  const [ours, theirs] = createSocketPair()
  const double = await createTwilioCallDouble({
    socket: theirs,
    clock,
    faults,
    ...(audio && { audio }),
    ...(parameters && { parameters }),
  })
  const twilio = createTwilioEndpoint({
    authToken: 'test-key',
    publicUrl: 'https://calls.example.com',
    clock,
    fetch: double.fetch,
    ...options,
  })
  const media = await twilio.connect(ours)
  if (media === null) throw new Error('The call did not start.')
  const { log, handlers } = recorder()
  await media.start(handlers)
  onTestFinished(async () => {
    await media.close('agent')
    await double.close()
  })
  return { clock, double, media, log }
}

/** A tone that is heard as such after mu-law. */
export function tone(ms: number, hz = 440, level = 8_000): AudioChunk {
  const samples = Int16Array.from({ length: ms * 8 }, (_, index) => level * Math.sin((2 * Math.PI * hz * index) / 8_000))
  return { samples, sampleRateHz: 8_000, channels: 1 }
}

/** Speaks a whole segment. */
export function speak(media: TwilioMedia, segmentId: string, ms: number, utteranceId = 'u1') {
  const segment = media.output.open({ utteranceId, segmentId, format: { encoding: 'pcm16', sampleRateHz: 8_000, channels: 1 } })
  segment.capture({ ...tone(ms), position: 0 })
  return segment
}

/** A logger that keeps warnings. */
export function warnings(): { logger: Logger; said: string[] } {
  const said: string[] = []
  const logger: Logger = { ...noLogger, warn: (message) => void said.push(message), child: () => logger }
  return { logger, said }
}
