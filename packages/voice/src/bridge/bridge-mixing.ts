import { createFramer, createMixer, createResampler, type Framer, type Mixer, type Resampler } from '@parley/audio'
import { FRAME_MS } from '@parley/spec'
import type { AudioFrame, SampleRate } from '@parley/spec'
import type { BridgeLeg } from './bridge-leg.ts'
import type { Hearing } from './bridge-matrix.ts'

/** Mixes for each leg what the others say, at one rate. */
export interface BridgeMixing {
  readonly rateHz: SampleRate
  /** Queues a frame of a leg for everybody who hears it. */
  push(from: string, samples: Int16Array): void
  /** Sends everybody the next 20 ms. */
  tick(): void
  has(legId: string): boolean
  /** A leg more, of a rate that needs no higher one; the others notice nothing. */
  add(leg: BridgeLeg): Promise<void>
  /** A leg is gone: nothing of it sounds any more. */
  remove(legId: string): void
  close(): void
}

interface Wired {
  leg: BridgeLeg
  toMix: Resampler
  fromMix: Resampler
  mixer: Mixer
  framer: Framer
  /** Samples that wait in the mixers of the others. */
  waiting: number
  /** Whom it is fed to: a pair that fell silent is fed once more, to fade. */
  fedTo: Set<string>
}

/**
 * Makes the mixing of some legs, at the highest rate that one of them needs.
 * @param hearing - asked for each frame, so that a change of the matrix counts from the next one
 */
export async function createBridgeMixing(
  legs: readonly BridgeLeg[],
  hearing: (from: string, to: string) => Hearing,
): Promise<BridgeMixing> {
  const rateHz = legs.reduce<SampleRate>(
    (highest, { outputRateHz }) => (outputRateHz > highest ? outputRateHz : highest),
    8_000,
  )
  const frameSamples = (rateHz * FRAME_MS) / 1_000
  const cushion = new Int16Array(frameSamples)
  const wired = new Map<string, Wired>()
  const add = async (leg: BridgeLeg): Promise<void> => {
    const toMix = await createResampler(leg.inputRateHz, rateHz)
    const fromMix = await createResampler(rateHz, leg.outputRateHz)
    const mixer = createMixer({ sampleRateHz: rateHz })
    const framer = createFramer({ sampleRateHz: leg.outputRateHz })
    wired.set(leg.id, { leg, toMix, fromMix, mixer, framer, waiting: 0, fedTo: new Set() })
  }
  for (const leg of legs) await add(leg)

  const feed = (source: Wired, listener: Wired, samples: Int16Array): void => {
    const from = source.leg.id
    const to = listener.leg.id
    const { audible, gainDb } = hearing(from, to)
    if (!audible && !source.fedTo.has(to)) return
    listener.mixer.set(from, audible ? gainDb : -Infinity)
    listener.mixer.push(from, samples)
    if (audible) source.fedTo.add(to)
    else source.fedTo.delete(to)
  }

  return {
    rateHz,
    push(from, samples) {
      const source = wired.get(from)
      if (source === undefined) return
      const mixed = source.toMix.push(samples)
      // Frames come with jitter and ticks do not: a stream begins one frame behind, so that the next one is never missing.
      const isNew = source.waiting === 0
      for (const listener of wired.values()) {
        if (listener === source) continue
        if (isNew) feed(source, listener, cushion)
        feed(source, listener, mixed)
      }
      source.waiting += mixed.length + (isNew ? frameSamples : 0)
    },
    tick() {
      for (const source of wired.values()) source.waiting = Math.max(0, source.waiting - frameSamples)
      for (const { leg, mixer, fromMix, framer } of wired.values()) {
        mixer.advance()
        framer.push(fromMix.push(mixer.mix()), (frame: AudioFrame) => leg.send(frame))
      }
    },
    has: (legId) => wired.has(legId),
    add,
    remove(legId) {
      const gone = wired.get(legId)
      if (gone === undefined) return
      wired.delete(legId)
      gone.toMix.close()
      gone.fromMix.close()
      for (const { mixer, fedTo } of wired.values()) {
        mixer.remove(legId)
        fedTo.delete(legId)
      }
    },
    close() {
      for (const { toMix, fromMix } of wired.values()) {
        toMix.close()
        fromMix.close()
      }
      wired.clear()
    },
  }
}
