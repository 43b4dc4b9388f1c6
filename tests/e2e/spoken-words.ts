import { createResampler } from '@parley/audio'
import { createFliteTts } from '@parley/local'
import { createSystemClock, type SampleRate } from '@parley/spec'
import { createTestSpeechContext } from '@parley/testing'

/** Synthesizes what a caller says. */
export interface CallerVoice extends AsyncDisposable {
  /** Mono samples of a rate; made once, so that what is prepared can be said at once. */
  say(text: string, rate: SampleRate): Promise<Int16Array>
}

/** A caller's voice out of flite: real speech, the same at each run. */
export function createCallerVoice(voice = 'rms'): CallerVoice {
  const flite = createFliteTts()
  const context = createTestSpeechContext({ clock: createSystemClock() })
  const made = new Map<string, Promise<Int16Array>>()
  const synthesize = async (text: string, rate: SampleRate): Promise<Int16Array> => {
    const [format] = flite.info.formats
    if (format === undefined) throw new Error('flite has no format.')
    const stream = await flite.open({ voice, format }, context)
    stream.speak(text, { segmentId: 's', last: true })
    const parts: Int16Array[] = []
    for await (const event of stream.events) {
      if (event.type === 'audio') parts.push(event.frame.samples.slice())
      if (event.type === 'error') throw event.error
      if (event.type === 'done') break
    }
    await stream.close()
    const spoken = join(parts)
    if (format.sampleRateHz === rate) return spoken
    const resampler = await createResampler(format.sampleRateHz, rate)
    try {
      return join([resampler.push(spoken).slice(), resampler.flush().slice()])
    } finally {
      resampler.close()
    }
  }
  return {
    say(text, rate) {
      const name = `${rate}: ${text}`
      const speech = made.get(name) ?? synthesize(text, rate)
      made.set(name, speech)
      return speech
    },
    [Symbol.asyncDispose]: () => flite[Symbol.asyncDispose](),
  }
}

/** Sounds one after the other. */
export function join(parts: readonly Int16Array[]): Int16Array {
  const whole = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
