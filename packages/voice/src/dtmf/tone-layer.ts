import { dtmfTone } from '@parley/audio'
import type { SampleRate } from '@parley/spec'
import type { ToneOptions } from './dtmf-options.ts'
import { tonesFor } from './tone-plan.ts'

/** Tones on their way out, mixed into a leg's outgoing frames while no speech plays. */
export interface ToneLayer {
  /** Queues digits; settles when their last sample was mixed, rejects when the layer is closed before. */
  send(digits: string): Promise<void>
  /** Adds what is due to a frame, unless speech plays in it: then the tones wait. */
  mix(frame: Int16Array, isSpeech: boolean): void
  /** Whether tones wait or sound. */
  readonly isSounding: boolean
  /** Drops what waits. Idempotent. */
  close(reason: Error): void
}

interface Sending {
  samples: Int16Array
  position: number
  resolve(): void
  reject(reason: Error): void
}

/** Makes the tones of one leg; digits of one `send` are synthesized once, mixing allocates nothing. */
export function createToneLayer({
  sampleRateHz,
  ...tones
}: { sampleRateHz: SampleRate } & Partial<ToneOptions>): ToneLayer {
  const queue: Sending[] = []

  const synthesize = (digits: string): Int16Array => {
    const steps = tonesFor(digits, tones)
    const lengths = steps.map(({ durationMs }) => Math.round((durationMs * sampleRateHz) / 1_000))
    const samples = new Int16Array(lengths.reduce((sum, length) => sum + length, 0))
    let at = 0
    steps.forEach((step, index) => {
      if (step.type === 'tone')
        samples.set(dtmfTone(step.digit, { sampleRateHz, toneMs: step.durationMs, gapMs: 0 }).samples, at)
      at += lengths[index] ?? 0
    })
    return samples
  }

  return Object.freeze({
    async send(digits: string) {
      const samples = synthesize(digits)
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      queue.push({ samples, position: 0, resolve, reject })
      return promise
    },
    mix(frame: Int16Array, isSpeech: boolean) {
      if (isSpeech) return
      let at = 0
      for (let current = queue[0]; current !== undefined && at < frame.length; current = queue[0]) {
        const { samples } = current
        while (at < frame.length && current.position < samples.length) {
          const sum = (frame[at] ?? 0) + (samples[current.position] ?? 0)
          frame[at] = sum > 32_767 ? 32_767 : sum < -32_768 ? -32_768 : sum
          at += 1
          current.position += 1
        }
        if (current.position < samples.length) return
        queue.shift()
        current.resolve()
      }
    },
    get isSounding() {
      return queue.length > 0
    },
    close(reason: Error) {
      for (const { reject } of queue.splice(0)) reject(reason)
    },
  })
}
