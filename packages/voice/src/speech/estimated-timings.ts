import type { TextToSpeech, TtsEvent, TtsStream, Word } from '@parley/spec'

import { estimateSpeechMs } from '../text/syllables.ts'

interface Told {
  text: string
  audioMs: number
  isTold: boolean
}

/**
 * Gives a voice without word timings some: at 3.83 syllables per second, and anew by the real length once the segment is
 * done. Each `words` event names all words of the segment so far. A voice that tells its words is given back as it is.
 */
export function createEstimatedTimings(tts: TextToSpeech): TextToSpeech {
  if (tts.info.wordTimings !== 'none') return tts
  return {
    info: { ...tts.info, wordTimings: 'estimate' },
    open: async (options, context) => estimate(await tts.open(options, context)),
  }
}

/** Words of a text one after the other, at the usual speed or over a known length. */
export function estimateWords(text: string, totalMs?: number): Word[] {
  const words = text.match(/\S+/gu) ?? []
  const lengths = words.map(estimateSpeechMs)
  const sum = lengths.reduce((one, other) => one + other, 0)
  const scale = totalMs === undefined || sum === 0 ? 1 : totalMs / sum
  let startMs = 0
  return words.map((word, index) => {
    const endMs = startMs + (lengths[index] ?? 0) * scale
    const timed: Word = { text: word, startMs, endMs, source: 'estimate' }
    startMs = endMs
    return timed
  })
}

function estimate(stream: TtsStream): TtsStream {
  const segments = new Map<string, Told>()

  async function* events(): AsyncGenerator<TtsEvent> {
    for await (const event of stream.events) {
      const told = 'segmentId' in event && event.segmentId !== undefined ? segments.get(event.segmentId) : undefined
      if (told !== undefined && event.type === 'audio') {
        const { samples, channels, sampleRateHz } = event.frame
        told.audioMs += (samples.length / channels / sampleRateHz) * 1_000
        if (!told.isTold) yield { type: 'words', segmentId: event.segmentId, words: estimateWords(told.text) }
        told.isTold = true
      }
      if (told !== undefined && event.type === 'done') {
        segments.delete(event.segmentId)
        const words = estimateWords(told.text, told.audioMs)
        if (told.audioMs > 0 && words.length > 0) yield { type: 'words', segmentId: event.segmentId, words }
      }
      yield event
    }
  }

  return {
    ...stream,
    speak(text, options) {
      const told = segments.get(options.segmentId) ?? { text: '', audioMs: 0, isTold: false }
      told.text += text
      told.isTold = false
      segments.set(options.segmentId, told)
      stream.speak(text, options)
    },
    cancel(segmentId) {
      segments.delete(segmentId)
      stream.cancel(segmentId)
    },
    events: { [Symbol.asyncIterator]: () => events() },
    close: () => stream.close(),
  }
}
