import { FRAME_MS } from '@parley/spec'
import type { SampleRate } from '@parley/spec'

import { FADE_MS, toSample } from './fade.ts'
import { checkNumbers, frameSamplesOf } from './format-checks.ts'
import { createGain } from './gain.ts'
import type { Gain } from './gain.ts'

/** Options of `createMixer`. */
export interface MixerOptions {
  sampleRateHz: SampleRate
  /** Length of a frame in milliseconds. @default 20 */
  frameMs?: number
  /** What is done with what is too loud: bent from -3 dBFS on, or cut. @default 'soft' */
  limiter?: 'soft' | 'clip'
}

/** Adds sources of one rate and one channel, frame by frame. */
export interface Mixer {
  /** Sets a source's level in dB; a change takes 10 ms. `-Infinity` mutes. */
  set(sourceId: string, gainDb: number): void
  /** Adds audio of any length to a source; more than 400 ms waiting drops its oldest. */
  push(sourceId: string, samples: Int16Array): void
  /** Takes the next frame of each source; one that has too little is filled with silence. */
  advance(): void
  /** The frame of all sources, or of all but one. A view, valid until the next call; 20 ms that can be asked for once per listener. */
  mix(excludedId?: string): Int16Array
  /** Forgets a source. */
  remove(sourceId: string): void
  /** Samples that were dropped because too much waited. */
  readonly droppedSamples: number
}

interface Source {
  readonly gain: Gain
  readonly ring: Int16Array
  /** The current frame at its level. */
  readonly frame: Int16Array
  head: number
  count: number
  sounds: boolean
}

const queueFrames = 20
const knee = 32_768 * 10 ** (-3 / 20)
const bend = 32_767 - knee

/**
 * Makes a mixer. A single source comes out bit for bit; nothing is allocated per frame.
 * @throws {ParleyError} `invalid_options`
 */
export function createMixer(options: MixerOptions): Mixer {
  const { sampleRateHz, frameMs = FRAME_MS, limiter = 'soft' } = options
  checkNumbers('A mixer', options, ['sampleRateHz', 'frameMs', 'limiter'], {
    limiter: { value: ['soft', 'clip'].indexOf(limiter), min: 0, max: 1 },
  })
  const length = frameSamplesOf('A mixer', sampleRateHz, frameMs)
  const sources = new Map<string, Source>()
  const sums = new Int32Array(length)
  const out = new Int16Array(length)
  let sounding = 0
  let dropped = 0

  const sourceOf = (sourceId: string): Source => {
    const known = sources.get(sourceId)
    if (known !== undefined) return known
    const made: Source = {
      gain: createGain({ sampleRateHz, fadeMs: FADE_MS }),
      ring: new Int16Array(length * queueFrames),
      frame: new Int16Array(length),
      head: 0,
      count: 0,
      sounds: false,
    }
    sources.set(sourceId, made)
    return made
  }

  const take = (source: Source): void => {
    const { ring, frame } = source
    const available = Math.min(length, source.count)
    for (let index = 0; index < available; index++) frame[index] = ring[(source.head + index) % ring.length] as number // inside the ring
    frame.fill(0, available)
    source.head = (source.head + available) % ring.length
    source.count -= available
    source.gain.process(frame)
    source.sounds = available > 0
  }

  return Object.freeze({
    set(sourceId: string, gainDb: number): void {
      sourceOf(sourceId).gain.set(gainDb)
    },
    push(sourceId: string, samples: Int16Array): void {
      const source = sourceOf(sourceId)
      const { ring } = source
      for (let index = 0; index < samples.length; index++) {
        if (source.count === ring.length) {
          source.head = (source.head + 1) % ring.length
          source.count -= 1
          dropped += 1
        }
        ring[(source.head + source.count) % ring.length] = samples[index] as number // below the length
        source.count += 1
      }
    },
    advance(): void {
      sums.fill(0)
      sounding = 0
      for (const source of sources.values()) {
        take(source)
        if (!source.sounds) continue
        sounding += 1
        const { frame } = source
        for (let index = 0; index < length; index++) sums[index] = (sums[index] as number) + (frame[index] as number) // equal lengths
      }
    },
    mix(excludedId?: string): Int16Array {
      const excluded = excludedId === undefined ? undefined : sources.get(excludedId)
      const own = excluded?.sounds === true ? excluded.frame : undefined
      const isAlone = sounding - (own === undefined ? 0 : 1) < 2
      for (let index = 0; index < length; index++) {
        const sum = (sums[index] as number) - (own === undefined ? 0 : (own[index] as number)) // equal lengths
        out[index] = isAlone ? sum : limiter === 'soft' ? bent(sum) : toSample(sum)
      }
      return out
    },
    remove(sourceId: string): void {
      sources.delete(sourceId)
    },
    get droppedSamples(): number {
      return dropped
    },
  })
}

/** Leaves what is below the knee and bends the rest towards full scale. */
function bent(sum: number): number {
  if (sum <= knee && sum >= -knee) return sum
  return sum > 0
    ? toSample(knee + bend * Math.tanh((sum - knee) / bend))
    : toSample(-knee - bend * Math.tanh((-sum - knee) / bend))
}
