import type { SpeechToText, SttEvent, TextToSpeech, TtsEvent, VoiceActivityDetector } from '@parley/spec'

/** The reply's sound: 20 ms at 24 kHz, the same each time. */
const tone = Int16Array.from({ length: 480 }, (_, index) => (index % 2 === 0 ? 8_000 : -8_000))
/** Louder than this is a voice, in linear level. */
const VOICED = 500
/** Quiet after which the recognizer gives what it heard, in milliseconds. */
const STT_SILENCE_MS = 100

/** A recognizer that knows at once: each stretch of loud sound is a line, numbered so that no two are equal. */
export function quietStt(): SpeechToText {
  const format = { encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 } as const
  return {
    info: {
      id: 'bench-stt',
      streaming: true,
      interim: false,
      wordTimings: false,
      endOfSpeech: false,
      languages: 'any',
      formats: [format],
      finalLatency: { p50Ms: 0, p99Ms: 0 },
    },
    async open(_options, { signal }) {
      const feed = queue<SttEvent>(signal)
      let lines = 0
      let quietMs = Number.POSITIVE_INFINITY
      const finish = (): void => {
        quietMs = Number.POSITIVE_INFINITY
        lines += 1
        feed.push({ type: 'final', id: `line-${lines}`, text: `this is line ${lines}` })
      }
      return {
        push({ samples }) {
          if (isVoiced(samples)) quietMs = 0
          else if ((quietMs += samples.length / 16) >= STT_SILENCE_MS && Number.isFinite(quietMs)) finish()
        },
        finalize() {
          if (Number.isFinite(quietMs)) finish()
        },
        silence() {},
        update: async () => 'applied',
        events: feed.events,
        close: async () => feed.close(),
      }
    },
  }
}

/** Length of a window of `quietVad`, in milliseconds: a frame of the callers. */
export const QUIET_VAD_MS = 20

/** A detector that knows at once: a frame is speech when it is loud. */
export function quietVad(): VoiceActivityDetector {
  return {
    info: { id: 'bench-vad', windowSamples: 16 * QUIET_VAD_MS, sampleRateHz: 16_000, contextSamples: 0 },
    create: ({ onResult }) => ({
      push({ samples }, atMs) {
        const probability = isVoiced(samples) ? 1 : 0
        onResult({ probability, atMs, rms: probability === 1 ? -15 : -80 })
      },
      reset() {},
      close: async () => {},
    }),
  }
}

/** A voice that speaks at once, a second for each word. */
export function quietTts(msPerWord = 200): TextToSpeech {
  const format = { encoding: 'pcm16', sampleRateHz: 24_000, channels: 1 } as const
  return {
    info: {
      id: 'bench-tts',
      streamingInput: true,
      wordTimings: 'native',
      voices: async () => [{ id: 'one', name: 'One', languages: ['en'] }],
      formats: [format],
      firstAudioMs: { p50: 0, p99: 0 },
      deterministic: true,
      pricing: { perCharacter: 0 },
    },
    async open(_options, { signal }) {
      const feed = queue<TtsEvent>(signal)
      return {
        speak(text, { segmentId, last }) {
          const words = text.split(' ').filter((word) => word !== '')
          const timed = words.map((word, index) => ({
            text: word,
            startMs: index * msPerWord,
            endMs: (index + 1) * msPerWord,
          }))
          feed.push({ type: 'words', segmentId, words: timed })
          const frames = (words.length * msPerWord) / 20
          for (let index = 0; index < frames; index++) {
            const frame = { samples: tone, sampleRateHz: 24_000, channels: 1, position: index * 480 } as const
            feed.push({ type: 'audio', segmentId, frame })
          }
          if (last) feed.push({ type: 'done', segmentId })
        },
        cancel() {},
        events: feed.events,
        close: async () => feed.close(),
      }
    },
  }
}

/** Whether a frame holds sound; looks at every eighth sample, since a fake should cost nothing. */
export function isVoiced(samples: Int16Array): boolean {
  for (let index = 0; index < samples.length; index += 8) if (Math.abs(samples[index] ?? 0) > VOICED) return true
  return false
}

/** Events for one consumer. */
function queue<E>(signal: AbortSignal): { push(event: E): void; events: AsyncIterable<E>; close(): void } {
  let waiting: E[] = []
  let isClosed = false
  let wake = (): void => {}
  const close = (): void => {
    isClosed = true
    signal.removeEventListener('abort', close)
    wake()
  }
  signal.addEventListener('abort', close, { once: true })
  async function* read(): AsyncGenerator<E> {
    for (;;) {
      const now = waiting
      waiting = []
      yield* now
      if (waiting.length > 0) continue
      if (isClosed) return
      await new Promise<void>((resolve) => (wake = resolve))
    }
  }
  return {
    push(event) {
      waiting.push(event)
      wake()
    },
    events: read(),
    close,
  }
}
