import { checkOptions, ParleyError, type SpeechToText } from '@parley/spec'
import { deepgramOptionNames, resolveDeepgramSettings, type DeepgramSttOptions } from './deepgram-options.ts'
import { openDeepgramStream } from './deepgram-stream.ts'

/**
 * Makes a streaming recognizer over any server that speaks Deepgram's wire format, results (`/v1/listen`) or turns
 * (`/v2/listen`). It keeps the connection alive in silence and makes it anew when it dies.
 * @throws {ParleyError} `invalid_options`
 * @see https://developers.deepgram.com/reference
 */
export function createDeepgramStt(options: DeepgramSttOptions = {}): SpeechToText {
  checkOptions('createDeepgramStt', options, deepgramOptionNames)
  const settings = resolveDeepgramSettings(options)
  if (!/^wss?:\/\/[^/]/.test(settings.baseUrl) || /[?#]/.test(settings.baseUrl)) {
    throw new ParleyError({
      code: 'invalid_options',
      message: 'Option "baseUrl" of createDeepgramStt has to be an address like wss://host, without path and query.',
      details: { path: 'baseUrl', expected: 'wss://host' },
    })
  }
  const isTurns = settings.interface === 'turns'
  return Object.freeze<SpeechToText>({
    info: {
      id: `deepgram/${settings.model}`,
      streaming: true,
      interim: true,
      wordTimings: !isTurns,
      endOfSpeech: true,
      languages: options.languages ?? 'any',
      formats: [
        { encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 },
        { encoding: 'pcm16', sampleRateHz: 8_000, channels: 1 },
        { encoding: 'pcm16', sampleRateHz: 24_000, channels: 1 },
        { encoding: 'pcm16', sampleRateHz: 48_000, channels: 1 },
        { encoding: 'pcmu', sampleRateHz: 8_000, channels: 1 },
      ],
      finalLatency: { p50Ms: 300, p99Ms: settings.finalizeTimeoutMs },
      ...(options.pricing !== undefined && { pricing: options.pricing }),
    },
    open: (open, context) => openDeepgramStream(settings, open, context),
  })
}
