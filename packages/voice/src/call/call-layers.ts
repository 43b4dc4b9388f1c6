import type { AudioFrame, Clock, Disposer, MediaEndpoint } from '@parley/spec'
import { createBackground, type Background } from '../background/background.ts'
import { defaultBackgroundOptions, type BackgroundOptions } from '../background/background-options.ts'
import { createLiveLayer, type LiveLayer } from '../bridge/live-layer.ts'
import { sendDigits } from '../dtmf/send-digits.ts'
import { createToneLayer, type ToneLayer } from '../dtmf/tone-layer.ts'

/** After a sound ends, frames go on for so long beyond its fade, in milliseconds. */
const TAIL_MS = 200

/** What call layers need of their call. */
export interface CallLayersParts {
  clock: Clock
  endpoint: MediaEndpoint
  background: Partial<BackgroundOptions>
  onError(error: unknown): void
}

/** What is mixed into the sound of one call beside speech: background, keys, the other lines of a bridge. */
export class CallLayers {
  readonly #parts: CallLayersParts
  readonly #tones: ToneLayer
  readonly #options: BackgroundOptions
  #background: Background | undefined
  #making: Promise<void> | undefined
  #live: LiveLayer | undefined
  #onSpeech: ((samples: Int16Array) => void) | undefined
  #isHeld = false
  #isThinking = false
  #stopTail: Disposer = () => {}
  #isClosed = false

  constructor(parts: CallLayersParts) {
    this.#parts = parts
    this.#options = { ...defaultBackgroundOptions, ...parts.background }
    this.#tones = createToneLayer({ sampleRateHz: parts.endpoint.info.outputFormat.sampleRateHz })
  }

  /** Makes what sounds all through the call. @throws {ParleyError} `invalid_options` */
  async start(): Promise<void> {
    const { ambience, thinking } = this.#options
    if (ambience === false && thinking === false) return
    await this.#make()
    this.#wire()
  }

  /** The agent begins or ends to think. */
  thinking(isThinking: boolean): void {
    if (this.#isThinking === isThinking) return
    this.#isThinking = isThinking
    this.#background?.thinking(isThinking)
    if (this.#options.thinking !== false) this.#rewire()
  }

  hold(isHeld: boolean): void {
    this.#isHeld = isHeld
    if (this.#options.hold === false && this.#background === undefined) return
    this.#make()
      .then(() => {
        this.#background?.hold(this.#isHeld)
        this.#rewire()
      })
      .catch(this.#parts.onError)
  }

  /** Sends keys by the endpoint, or as tones where it cannot. @throws {ParleyError} `invalid_options` */
  async send(digits: string): Promise<void> {
    const { endpoint } = this.#parts
    const sent = sendDigits({ endpoint, tones: this.#tones }, digits)
    this.#wire()
    try {
      await sent
    } finally {
      this.#rewire()
    }
  }

  /** The other lines of a bridge are heard from now on; `onSpeech` has the agent's own sound, at the output's rate. */
  bridge(onSpeech: (samples: Int16Array) => void): (frame: AudioFrame) => void {
    const live = createLiveLayer({ sampleRateHz: this.#parts.endpoint.info.outputFormat.sampleRateHz })
    this.#live = live
    this.#onSpeech = onSpeech
    this.#wire()
    return (frame) => live.push(frame)
  }

  unbridge(): void {
    this.#live = undefined
    this.#onSpeech = undefined
    this.#rewire()
  }

  close(reason: Error): void {
    this.#isClosed = true
    this.#stopTail()
    this.#tones.close(reason)
    this.#parts.endpoint.output.setMixer?.(undefined)
  }

  async #make(): Promise<void> {
    const { clock, endpoint, background } = this.#parts
    const { sampleRateHz } = endpoint.info.outputFormat
    this.#making ??= createBackground({ ...background, clock, sampleRateHz }).then((made) => {
      this.#background = made
      made.thinking(this.#isThinking)
    })
    return this.#making
  }

  /** What ends fades first. */
  #rewire(): void {
    this.#stopTail()
    this.#wire()
    this.#stopTail = this.#parts.clock.setTimer(this.#options.fadeMs + TAIL_MS, () => this.#wire())
    if (this.#isClosed) this.#stopTail()
  }

  #wire(): void {
    const { output } = this.#parts.endpoint
    if (this.#isClosed) return
    const { ambience, thinking, hold } = this.#options
    const isSounding =
      ambience !== false ||
      (thinking !== false && this.#isThinking) ||
      (hold !== false && this.#isHeld) ||
      this.#tones.isSounding ||
      this.#live !== undefined
    const isIdle = !isSounding && this.#background === undefined
    output.setMixer?.(isIdle ? undefined : (samples, isSpeech) => this.#mix(samples, isSpeech), {
      alwaysOn: isSounding,
    })
  }

  #mix(samples: Int16Array, isSpeech: boolean): void {
    if (isSpeech) this.#onSpeech?.(samples)
    this.#background?.mix(samples, isSpeech)
    this.#tones.mix(samples, isSpeech)
    this.#live?.mix(samples, isSpeech)
  }
}
