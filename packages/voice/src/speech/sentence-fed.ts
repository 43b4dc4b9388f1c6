import type { TextToSpeech } from '@parley/spec'

import { createSentenceStream, type SentenceVoice } from './sentence-stream.ts'

/** Sentences that are made at the same time where a voice does not say how many it can. */
export const SENTENCES_AT_ONCE = 2

/**
 * Feeds a voice that cannot take partial text sentence by sentence; the sound comes as one segment. A voice that takes
 * partial text is given back as it is: it receives text as it comes.
 */
export function createSentenceFed(tts: TextToSpeech): TextToSpeech {
  if (tts.info.streamingInput) return tts
  const { info } = tts
  return {
    info: { ...info, streamingInput: true },
    open: async (options, context) => {
      const { sampleRateHz } = options.format
      const atOnce = Math.min(SENTENCES_AT_ONCE, info.maxContexts ?? SENTENCES_AT_ONCE)
      const open = async (): Promise<SentenceVoice> => ({
        id: info.id,
        stream: await tts.open(options, context),
        sampleRateHz,
        atOnce,
      })
      let first: SentenceVoice | null = await open()
      return createSentenceStream({
        context,
        sampleRateHz,
        ...(options.language !== undefined && { language: options.language }),
        async nextVoice(failed) {
          // There is no other voice: what failed is told, and the next segment may try again.
          if (failed !== null) return null
          const voice = first ?? (await open())
          first = null
          return voice
        },
      })
    },
  }
}
