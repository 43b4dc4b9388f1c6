import { createResampler } from '@parley/audio'
import { checkOptions } from '@parley/spec'
import type { Clock, SampleRate } from '@parley/spec'
import { resolveOptions } from '../resolve-options.ts'
import { defaultBackgroundOptions, type BackgroundOptions, type BackgroundSound } from './background-options.ts'
import { synthesizeSound } from './built-in-sounds.ts'
import { createLoopLayer, type LoopLayer } from './loop-layer.ts'

/** What sounds behind the agent of one call. */
export interface Background {
  /** Mixes what is due into an outgoing frame, in place; `isSpeech` says whether speech is in it. */
  mix(samples: Int16Array, isSpeech: boolean): void
  /** The agent begins or ends to think. Its first word ends the sound of it too. */
  thinking(isThinking: boolean): void
  hold(isHeld: boolean): void
  /** Whether frames are needed while nobody speaks. */
  readonly isAlwaysOn: boolean
}

/** Options of `createBackground`. */
export interface CreateBackgroundOptions extends Partial<BackgroundOptions> {
  clock: Clock
  /** Rate of the outgoing frames, in hertz. */
  sampleRateHz: SampleRate
}

/**
 * Makes the background of a call; mixing allocates nothing.
 * @throws {ParleyError} `invalid_options`, `audio_format_unsupported`
 */
export async function createBackground({
  clock,
  sampleRateHz,
  ...given
}: CreateBackgroundOptions): Promise<Background> {
  checkOptions('background', given, Object.keys(defaultBackgroundOptions))
  const { ambience: _1, thinking: _2, hold: _3, ...levels } = given
  const options = { ...defaultBackgroundOptions, ...given, ...resolveOptions('background', levelDefaults, levels) }
  const fadeSamples = Math.round((options.fadeMs * sampleRateHz) / 1_000)
  const ducked = 10 ** (options.duckingDb / 20)

  const layer = async (sound: BackgroundSound, levelDbfs: number): Promise<LoopLayer | undefined> =>
    sound === false ? undefined : createLoopLayer(await samplesOf(sound, sampleRateHz), levelDbfs, fadeSamples)
  const layers = {
    ambience: await layer(options.ambience, options.ambienceDbfs),
    thinking: await layer(options.thinking, options.thinkingDbfs),
    hold: await layer(options.hold, options.holdDbfs),
  }
  let thinkingSinceMs: number | undefined
  let isHeld = false

  return Object.freeze({
    mix(samples: Int16Array, isSpeech: boolean) {
      if (isSpeech) thinkingSinceMs = undefined
      const gain = isSpeech ? ducked : 1
      const isThinking =
        thinkingSinceMs !== undefined && clock.monotonicMs() - thinkingSinceMs >= options.thinkingAfterMs
      layers.ambience?.mix(samples, isHeld ? 0 : gain)
      layers.thinking?.mix(samples, isThinking && !isHeld ? gain : 0)
      layers.hold?.mix(samples, isHeld ? gain : 0)
    },
    thinking(isThinking: boolean) {
      thinkingSinceMs = isThinking ? (thinkingSinceMs ?? clock.monotonicMs()) : undefined
    },
    hold(next: boolean) {
      isHeld = next
    },
    isAlwaysOn: Object.values(layers).some((one) => one !== undefined),
  })
}

const { ambience: _ambience, thinking: _thinking, hold: _hold, ...levelDefaults } = defaultBackgroundOptions

async function samplesOf(sound: Exclude<BackgroundSound, false>, sampleRateHz: SampleRate): Promise<Int16Array> {
  if (typeof sound === 'string') return synthesizeSound(sound, sampleRateHz)
  const mono =
    sound.channels === 1
      ? sound.samples
      : Int16Array.from(
          { length: sound.samples.length / 2 },
          (_, index) => ((sound.samples[index * 2] ?? 0) + (sound.samples[index * 2 + 1] ?? 0)) / 2,
        )
  if (sound.sampleRateHz === sampleRateHz) return mono.slice()
  const resampler = await createResampler(sound.sampleRateHz, sampleRateHz, { quality: 'voice' })
  try {
    const start = resampler.push(mono).slice()
    const rest = resampler.flush()
    const whole = new Int16Array(start.length + rest.length)
    whole.set(start)
    whole.set(rest, start.length)
    return whole
  } finally {
    resampler.close()
  }
}
