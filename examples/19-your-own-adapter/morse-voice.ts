import { tone } from '@parley/audio'
import {
  createEventEmitter,
  ParleyError,
  type AudioFormat,
  type TextToSpeech,
  type TtsEvent,
  type Word,
} from '@parley/spec'

const dotMs = 40
const format: AudioFormat = { encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 }
const voices: Record<string, number> = { low: 440, high: 880 } // name and pitch
const frameSamples = 320

// prettier-ignore
const codes: Record<string, string> = {
  a: '.-', b: '-...', c: '-.-.', d: '-..', e: '.', f: '..-.', g: '--.', h: '....', i: '..', j: '.---', k: '-.-',
  l: '.-..', m: '--', n: '-.', o: '---', p: '.--.', q: '--.-', r: '.-.', s: '...', t: '-', u: '..-', v: '...-',
  w: '.--', x: '-..-', y: '-.--', z: '--..',
}

/** A voice that speaks Morse: everything a call asks of a voice, without a vendor. */
export function createMorseVoice(): TextToSpeech {
  return {
    info: {
      id: 'morse',
      streamingInput: false, // it is fed whole sentences
      wordTimings: 'native', // it knows when each word sounds, so what was heard is exact
      voices: async () => Object.keys(voices).map((id) => ({ id, name: id, languages: ['en'] })),
      formats: [format],
      firstAudioMs: { p50: 1, p99: 5 },
      deterministic: true, // so its sound may be cached
    },
    async open({ voice, format: wanted }, { signal }) {
      const pitch = voices[voice]
      if (pitch === undefined) throw unknownVoice(voice)
      if (wanted.encoding !== 'pcm16' || wanted.sampleRateHz !== format.sampleRateHz || wanted.channels !== 1) {
        throw otherFormat(wanted)
      }
      const feed = createEventEmitter<TtsEvent>({ capacity: Infinity })
      const segments = new Map<string, Segment>()
      const close = (): void => {
        segments.clear()
        feed.close()
      }
      // A call that ends takes its streams with it.
      signal.addEventListener('abort', close, { once: true })
      return {
        events: feed.events,
        speak(text, { segmentId, last }) {
          const segment = segments.get(segmentId) ?? { position: 0, rest: [], isCancelled: false }
          segments.set(segmentId, segment)
          if (!segment.isCancelled) {
            const words = keyText(segment, text, pitch)
            if (words.length > 0) feed.emit({ type: 'words', segmentId, words })
            for (const frame of takeFrames(segment, last)) feed.emit({ type: 'audio', segmentId, frame })
            feed.emit({ type: 'usage', characters: text.length })
            if (last) feed.emit({ type: 'done', segmentId })
          }
          if (last) segments.delete(segmentId)
        },
        cancel(segmentId) {
          const segment = segments.get(segmentId)
          if (segment !== undefined) segment.isCancelled = true
        },
        async close() {
          signal.removeEventListener('abort', close)
          close()
        },
      }
    },
  }
}

interface Segment {
  /** Samples given out. */
  position: number
  /** Samples that are no whole frame yet. */
  rest: number[]
  isCancelled: boolean
}

/** Adds the sound of a text, and says when each word is to be heard. */
function keyText({ position, rest }: Segment, text: string, frequencyHz: number): Word[] {
  const { sampleRateHz } = format
  const silence = (dots: number): void => {
    for (let n = 0; n < (dots * dotMs * sampleRateHz) / 1_000; n++) rest.push(0)
  }
  const nowMs = (): number => Math.floor(((position + rest.length) * 1_000) / sampleRateHz)
  return text.split(/\s+/).flatMap((written) => {
    const letters = Array.from(written.toLowerCase()).flatMap((letter) => codes[letter] ?? [])
    if (letters.length === 0) return []
    const startMs = nowMs()
    for (const letter of letters) {
      for (const sign of letter) {
        rest.push(...tone({ frequencyHz, durationMs: dotMs * (sign === '-' ? 3 : 1), sampleRateHz }).samples)
        silence(1)
      }
      silence(2)
    }
    const endMs = nowMs()
    silence(4)
    return [{ text: written, startMs, endMs, source: 'native' as const }]
  })
}

function* takeFrames(segment: Segment, isLast: boolean): Generator<(TtsEvent & { type: 'audio' })['frame']> {
  while (segment.rest.length >= frameSamples || (isLast && segment.rest.length > 0)) {
    const samples = Int16Array.from(segment.rest.splice(0, frameSamples))
    yield { samples, sampleRateHz: format.sampleRateHz, channels: 1, position: segment.position }
    segment.position += samples.length
  }
}

function unknownVoice(voice: string): ParleyError {
  const known = Object.keys(voices)
  return new ParleyError({
    code: 'voice_unknown',
    message: `Morse has no voice "${voice}". It has ${known.join(' and ')}.`,
    details: { voice, known },
  })
}

function otherFormat({ encoding, sampleRateHz }: AudioFormat): ParleyError {
  return new ParleyError({
    code: 'audio_format_unsupported',
    message: `Morse yields pcm16 at ${format.sampleRateHz} Hz mono, not ${encoding} at ${sampleRateHz} Hz. Convert its output.`,
    details: { from: `pcm16 ${format.sampleRateHz}`, to: `${encoding} ${sampleRateHz}` },
  })
}
