import {
  toParleyError,
  type AudioFormat,
  type Json,
  type ParleyError,
  type SpeechContext,
  type TextToSpeech,
  type TtsEvent,
  type TtsOpen,
  type TtsStream,
  type Word,
} from '@parley/spec'

import type { UtteranceKind } from '../turn/turn-events.ts'
import { createEventChannel } from './event-channel.ts'
import { mergeWords } from './merge-words.ts'
import { hasPersonalData } from './personal-data.ts'
import type { CachedSpeech, TtsCache, TtsCacheKey } from './tts-cache.ts'

/** `auto`: what is deterministic and holds no personal data; `force`: all; `off`: nothing. */
export type TtsCacheMode = 'auto' | 'force' | 'off'

/** Kinds of utterances whose speech is cached unless told otherwise. */
export const cachedKinds: readonly UtteranceKind[] = ['greeting', 'filler', 'hold', 'prompt', 'backchannel']

/** What is cached of a voice. */
export interface TtsCachePolicy {
  /** Per segment. @default 'auto' for all */
  cache?: TtsCacheMode | ((segmentId: string) => TtsCacheMode)
  /** Part of the key, where one provider has several. */
  model?: string
  /** Names of persons of the call: text with one of them is personal. */
  names?: () => readonly string[]
}

/** A voice with a cache in front. */
export interface CachedTextToSpeech extends TextToSpeech {
  /** Makes speech before it is wanted; what is there already is not made again. */
  prewarm(
    texts: readonly string[],
    voices: readonly Pick<TtsOpen, 'voice' | 'language' | 'speed' | 'settings'>[],
    options: { format: AudioFormat; context: SpeechContext },
  ): Promise<{ ready: number; failed: number }>
}

const frameMs = 20

/** Puts a cache in front of a voice. A hit costs nothing: no `usage`, and `done` reads `cached: true`. */
export function withTtsCache(tts: TextToSpeech, cache: TtsCache, policy: TtsCachePolicy = {}): CachedTextToSpeech {
  const open = async (options: TtsOpen, context: SpeechContext): Promise<TtsStream> =>
    cachedStream(tts, await tts.open(options, context), options, context, cache, policy)
  return {
    info: tts.info,
    open,
    async prewarm(texts, voices, { format, context }) {
      let ready = 0
      let failed = 0
      for (const voice of voices) {
        const stream = await open({ ...voice, format }, context)
        let waitsFor = texts.length
        for (const text of texts) stream.speak(text, { segmentId: context.ids.next('segment'), last: true })
        if (waitsFor > 0) {
          for await (const event of stream.events) {
            if (event.type === 'done') ready += 1
            else if (event.type === 'error') failed += 1
            else continue
            waitsFor -= 1
            if (waitsFor <= 0) break
          }
        }
        failed += waitsFor
        await stream.close()
      }
      return { ready, failed }
    },
  }
}

interface Recorded {
  text: string
  isWhole: boolean
  parts: Int16Array[]
  samples: number
  words: Word[]
}

function cachedStream(
  tts: TextToSpeech,
  stream: TtsStream,
  open: TtsOpen,
  context: SpeechContext,
  cache: TtsCache,
  policy: TtsCachePolicy,
): TtsStream {
  const channel = createEventChannel<TtsEvent>()
  const recorded = new Map<string, Recorded>()
  const lookups = new Set<string>()
  const { voice, language, speed, settings, format } = open

  const modeOf = (segmentId: string, text: string): TtsCacheMode => {
    const { cache: mode = 'auto' } = policy
    const chosen = typeof mode === 'function' ? mode(segmentId) : mode
    if (chosen !== 'auto') return chosen
    return tts.info.deterministic && !hasPersonalData(text, policy.names?.()) ? 'auto' : 'off'
  }

  const keyOf = (text: string): TtsCacheKey => ({
    provider: tts.info.id,
    voice,
    encoding: format.encoding,
    sampleRateHz: format.sampleRateHz,
    channels: format.channels,
    text,
    ...(policy.model !== undefined && { model: policy.model }),
    ...(language !== undefined && { language }),
    ...(speed !== undefined && { speed }),
    ...(settings !== undefined && { settings: settings satisfies Json }),
  })

  function make(text: string, segmentId: string, last: boolean): void {
    const record = recorded.get(segmentId) ?? { text: '', isWhole: false, parts: [], samples: 0, words: [] }
    record.text += text
    record.isWhole = last
    recorded.set(segmentId, record)
    stream.speak(text, { segmentId, last })
  }

  async function lookUp(text: string, segmentId: string): Promise<void> {
    lookups.add(segmentId)
    let found: CachedSpeech | null = null
    try {
      found = await cache.find(keyOf(text))
    } catch (error) {
      report(error)
    }
    // Cancelled meanwhile.
    if (!lookups.delete(segmentId) || channel.isClosed) return
    if (found === null) return make(text, segmentId, true)
    await replay(found, segmentId)
  }

  async function replay({ samples, sampleRateHz, channels, words }: CachedSpeech, segmentId: string): Promise<void> {
    lookups.add(segmentId)
    if (words.length > 0) channel.push({ type: 'words', segmentId, words })
    const size = ((sampleRateHz * frameMs) / 1_000) * channels
    for (let at = 0; at < samples.length && lookups.has(segmentId); at += size) {
      const frame = { samples: samples.subarray(at, at + size), sampleRateHz, channels, position: at / channels }
      channel.push({ type: 'audio', segmentId, frame })
      await channel.room()
    }
    if (lookups.delete(segmentId)) channel.push({ type: 'done', segmentId, cached: true })
  }

  async function listen(): Promise<void> {
    try {
      for await (const event of stream.events) {
        const record = 'segmentId' in event && event.segmentId !== undefined ? recorded.get(event.segmentId) : undefined
        if (record !== undefined) note(record, event)
        // Kept before `done` is told, so that who waits for it finds it.
        if (event.type === 'done' && record !== undefined) await keep(event.segmentId, record)
        channel.push(event)
        await channel.room()
      }
      channel.close()
    } catch (error) {
      const message = `The voice engine ${tts.info.id} failed.`
      channel.push({ type: 'error', error: toParleyError(error, { code: 'voice_tts_failed', message }) })
    }
  }

  function note(record: Recorded, event: TtsEvent): void {
    if (event.type === 'audio') {
      record.parts.push(event.frame.samples.slice())
      record.samples += event.frame.samples.length
    } else if (event.type === 'words') {
      record.words = mergeWords(record.words, event.words)
    } else if (event.type === 'error' && event.segmentId !== undefined) recorded.delete(event.segmentId)
  }

  async function keep(segmentId: string, { text, isWhole, parts, samples: length, words }: Recorded): Promise<void> {
    recorded.delete(segmentId)
    if (!isWhole || modeOf(segmentId, text) === 'off') return
    const samples = new Int16Array(length)
    let at = 0
    for (const part of parts) {
      samples.set(part, at)
      at += part.length
    }
    try {
      await cache.keep(keyOf(text), { samples, sampleRateHz: format.sampleRateHz, channels: format.channels, words })
    } catch (error) {
      report(error)
    }
  }

  /** A cache that fails costs money and no speech: it is counted and speech goes on. */
  function report(error: unknown): void {
    const told: ParleyError = toParleyError(error, { code: 'voice_tts_failed', message: 'The speech cache failed.' })
    context.telemetry.count('voice.tts.cacheErrors', 1, { code: told.code })
  }

  void listen()
  return {
    speak(text, { segmentId, last }) {
      const isFirst = !recorded.has(segmentId)
      if (isFirst && last && modeOf(segmentId, text) !== 'off') void lookUp(text, segmentId)
      else make(text, segmentId, last)
    },
    cancel(segmentId) {
      lookups.delete(segmentId)
      if (recorded.delete(segmentId)) stream.cancel(segmentId)
    },
    events: channel.events,
    async close() {
      lookups.clear()
      recorded.clear()
      channel.close()
      await stream.close()
    },
  }
}
