import type { TextToSpeech } from '@parley/spec'
import { cachedKinds, withTtsCache } from '../speech/with-tts-cache.ts'
import type { TtsCache } from '../speech/tts-cache.ts'
import type { UtteranceKind } from '../turn/turn-events.ts'
import type { CallCore } from './call-core.ts'
import { voiceOf } from './call-room.ts'
import type { OpenVoice } from './voice-bank.ts'

/** Segments whose kind is remembered: as many as can be on their way. */
const REMEMBERED = 256

/** A call's voice with a cache in front: lines that come again are made once. */
export interface CallCache {
  readonly tts: TextToSpeech
  /** The same voice, for an utterance of a kind: greetings, fillers and the like are kept, replies are not. */
  voiceFor(kind: UtteranceKind, voice: OpenVoice): OpenVoice
  /** Makes the lines that the call will say by itself. */
  prewarm(core: CallCore): Promise<void>
}

/** Puts the cache in front of the voice of one call. */
export function createCallCache(tts: TextToSpeech, cache: TtsCache): CallCache {
  const plain = new Map<string, boolean>()
  let names: readonly string[] = []
  const cached = withTtsCache(tts, cache, {
    cache: (segmentId) => (plain.get(segmentId) === true ? 'off' : 'auto'),
    names: () => names,
  })
  return {
    tts: cached,
    voiceFor: (kind, opened) => ({
      voice: opened.voice,
      speak(text, segment, sink) {
        plain.set(segment.segmentId, !cachedKinds.includes(kind))
        const [oldest] = plain.keys()
        if (plain.size > REMEMBERED && oldest !== undefined) plain.delete(oldest)
        opened.speak(text, segment, sink)
      },
      cancel: (segmentId) => opened.cancel(segmentId),
    }),
    async prewarm(core) {
      const { access, roomId, settings, lines, context } = core.parts
      names = (await access.room(roomId))?.participants.flatMap(({ displayName }) => displayName ?? []) ?? []
      const texts = [
        ...settings.filler.lines,
        ...lines.prompts.slice(0, settings.idle.prompts),
        ...(settings.agentBackchannel.enabled ? ['Mm-hm.'] : []),
      ]
      const voice = voiceOf(core, core.activeAgentId) ?? (await tts.info.voices())[0]?.id
      if (texts.length === 0 || voice === undefined || core.isEnding) return
      const { language } = core
      const format = tts.info.formats[0] ?? plainFormat
      await cached.prewarm(texts, [{ voice, ...(language === undefined ? {} : { language }) }], { format, context })
    },
  }
}

const plainFormat = { encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 } as const
