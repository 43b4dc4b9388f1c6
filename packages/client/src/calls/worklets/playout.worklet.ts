// A file of its own without imports, since audio worklets are loaded by address: serve it as it is built.

/** How a ring stands after a block. */
export interface PlayoutProgress {
  /** Place of the next sample to sound, in all that was ever pushed. */
  played: number
  /** Samples that wait. */
  buffered: number
  /** Times that sound ran out within speech. */
  underruns: number
}

/** Sound on its way to the speaker, in mono samples of the call's rate. */
export interface PlayoutRing {
  /** Takes samples; beyond the limit the oldest give way. `isLast`: silence may follow. */
  push(samples: Int16Array, isLast: boolean): void
  /** Fills a block of the speaker, at its own rate. */
  pull(target: Float32Array): void
  /** Fades out within 10 ms and drops all that waited until now; `onCleared` hears where the sound ended. */
  clear(onCleared: (progress: PlayoutProgress) => void): void
  /** Fades out within 10 ms and holds what waits. */
  pause(onPaused: (progress: PlayoutProgress) => void): void
  resume(): void
  readonly progress: PlayoutProgress
}

/** Options of `createPlayoutRing`. */
export interface PlayoutRingOptions {
  /** Of what is pushed, hertz. */
  rate: number
  /** Of what is pulled, hertz; another one is interpolated. */
  speakerRate: number
  /** Sound gathered before it starts, against jitter. @default 60 */
  targetMs?: number
  /** @default 10 000 */
  maxMs?: number
  /** @default 10 */
  fadeMs?: number
}

/** Makes a ring buffer that never steps: what begins, ends or is cut fades. */
export function createPlayoutRing({
  rate,
  speakerRate,
  targetMs = 60,
  maxMs = 10_000,
  fadeMs = 10,
}: PlayoutRingOptions): PlayoutRing {
  const capacity = Math.ceil((rate * maxMs) / 1_000)
  const ring = new Float32Array(capacity)
  const targetSamples = (rate * targetMs) / 1_000
  /** Gain per sample of the speaker. */
  const fadeStep = 1_000 / (fadeMs * speakerRate)
  const advance = rate / speakerRate
  /** Places in all that was pushed. */
  let read = 0
  let written = 0
  /** Where a clear cuts; what is behind it stays. */
  let cutAt = 0
  /** Between the sample under the reader and the next one. */
  let phase = 0
  let underruns = 0
  let gain = 0
  let last = 0
  let isStarted = false
  /** Whether an end of speech waits: then running dry is no want. */
  let endsDry = true
  let mode: 'play' | 'clearing' | 'pausing' | 'paused' = 'play'
  let onDone: ((progress: PlayoutProgress) => void) | undefined

  const progress = (): PlayoutProgress => ({ played: read, buffered: written - read, underruns })
  const settle = (): void => {
    const done = onDone
    onDone = undefined
    done?.(progress())
  }
  const cut = (): void => {
    settle()
    read = Math.max(read, cutAt)
    phase = 0
    isStarted = false
    mode = 'play'
  }
  /** The sample under the reader, and one step on. */
  const take = (): number => {
    const here = ring[read % capacity] ?? 0
    const next = written - read > 1 ? (ring[(read + 1) % capacity] ?? 0) : here
    const value = here + (next - here) * phase
    phase += advance
    while (phase >= 1 && read < written) {
      phase -= 1
      read += 1
    }
    return value
  }

  return {
    push(samples, isLast) {
      for (let index = 0; index < samples.length; index++) {
        ring[(written + index) % capacity] = (samples[index] ?? 0) / 32_768
      }
      written += samples.length
      read = Math.max(read, written - capacity)
      endsDry = isLast
    },
    pull(target) {
      const waiting = written - read
      if (!isStarted && mode === 'play' && waiting > 0 && (waiting >= targetSamples || endsDry)) isStarted = true
      for (let index = 0; index < target.length; index++) {
        const isFading = mode === 'clearing' || mode === 'pausing'
        const end = mode === 'clearing' ? cutAt : written
        if (isStarted && mode !== 'paused' && read < end) {
          gain = isFading ? Math.max(0, gain - fadeStep) : Math.min(1, gain + fadeStep)
          last = take()
        } else {
          // The last sample fades, so that want of sound does not click.
          gain = Math.max(0, gain - fadeStep)
          if (isStarted && mode === 'play') {
            isStarted = false
            if (!endsDry) underruns += 1
          }
        }
        target[index] = last * gain
        if (!isFading || gain > 0) continue
        if (mode === 'clearing') cut()
        else {
          mode = 'paused'
          settle()
        }
      }
    },
    clear(onCleared) {
      settle()
      onDone = onCleared
      cutAt = written
      endsDry = true
      if (gain > 0) mode = 'clearing'
      else cut()
    },
    pause(onPaused) {
      settle()
      onDone = onPaused
      if (gain > 0) mode = 'pausing'
      else {
        mode = 'paused'
        settle()
      }
    },
    resume() {
      settle()
      mode = 'play'
    },
    get progress() {
      return progress()
    },
  }
}

/** What the page says to the processor. */
export type PlayoutCommand =
  | { type: 'push'; samples: Int16Array; isLast: boolean }
  | { type: 'clear' | 'pause'; id: number }
  | { type: 'resume' }

/** What the processor says to the page. */
export type PlayoutNotice = ({ type: 'progress' } & PlayoutProgress) | ({ type: 'done'; id: number } & PlayoutProgress)

/** Between two notices while something sounds. */
const noticeMs = 100

/** What the scope of an audio worklet has, beyond what the page knows. */
interface WorkletScope {
  sampleRate: number
  registerProcessor(name: string, processor: unknown): void
  AudioWorkletProcessor: new () => { readonly port: MessagePort }
}

function registerPlayout({ AudioWorkletProcessor: Processor, registerProcessor, sampleRate }: WorkletScope): void {
  class PlayoutProcessor extends Processor {
    readonly #ring: PlayoutRing
    #sinceNotice = 0
    #wasBusy = false

    constructor({ processorOptions }: { processorOptions: { rate: number } }) {
      super()
      this.#ring = createPlayoutRing({ rate: processorOptions.rate, speakerRate: sampleRate })
      this.port.onmessage = ({ data }: MessageEvent<PlayoutCommand>) => this.#obey(data)
    }

    #obey(command: PlayoutCommand): void {
      if (command.type === 'push') this.#ring.push(command.samples, command.isLast)
      else if (command.type === 'resume') this.#ring.resume()
      else {
        const { id, type } = command
        this.#ring[type]((progress) => this.#say({ type: 'done', id, ...progress }))
      }
    }

    #say(notice: PlayoutNotice): void {
      this.port.postMessage(notice)
    }

    process(_inputs: Float32Array[][], [output]: Float32Array[][]): boolean {
      const [first, ...others] = output ?? []
      if (first === undefined) return true
      this.#ring.pull(first)
      for (const other of others) other.set(first)
      const { progress } = this.#ring
      const isBusy = progress.buffered > 0
      this.#sinceNotice += first.length
      const isDue = isBusy && this.#sinceNotice >= (sampleRate * noticeMs) / 1_000
      if (isDue || (this.#wasBusy && !isBusy)) {
        this.#sinceNotice = 0
        this.#say({ type: 'progress', ...progress })
      }
      this.#wasBusy = isBusy
      return true
    }
  }
  registerProcessor('parley-playout', PlayoutProcessor)
}

// In a page or in Node nothing is registered: only the ring is there.
// A scope that can register processors is that of a worklet.
if ('registerProcessor' in globalThis) registerPlayout(globalThis as unknown as WorkletScope)
