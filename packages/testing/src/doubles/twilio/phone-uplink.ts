import { encodePcmu } from '@parley/audio'
import { ParleyError, type AudioChunk, type Clock, type Disposer } from '@parley/spec'
import type { TwilioFault } from './faults.ts'

const frameSamples = 160
const frameMs = 20

/** What the person says, as Twilio sends it: 20 ms each 20 ms, with timestamps from the start of the stream. */
export interface PhoneUplink {
  start(): void
  /** Says mono audio of 8 kHz after what is being said; resolves when it has been sent. */
  say(audio: AudioChunk): Promise<void>
  mute(muted: boolean): void
  /** Noise under everything, in dBFS. */
  noise(dbfs: number | undefined): void
  loss(percent: number): void
  close(): void
  /** Since the start of the stream, ms. */
  readonly elapsedMs: number
}

/** Makes the line; nothing is sent before `start`. */
export function createPhoneUplink(options: {
  clock: Clock
  random: () => number
  faults: readonly TwilioFault[]
  /** `timestampMs` counts from the start of the stream, `chunk` the frames that were sent. */
  send(payload: string, timestampMs: number, chunk: number): void
}): PhoneUplink {
  const { clock, random, faults, send } = options
  const fault = <K extends TwilioFault['kind']>(kind: K): Extract<TwilioFault, { kind: K }> | undefined =>
    // It is of the kind that was asked for.
    faults.find((each) => each.kind === kind) as Extract<TwilioFault, { kind: K }> | undefined
  const jitterMs = fault('jitter')?.maxMs ?? 0
  const skewMs = fault('clockSkew')?.ms ?? 0
  const mutedTime = fault('muted')
  const stall = fault('stall')
  const silentAtMs = fault('silentDeath')?.atMs ?? Infinity
  const copies = fault('duplicate') === undefined ? 1 : 2
  const queue: { samples: Int16Array; at: number; done: () => void }[] = []
  const frame = new Int16Array(frameSamples)
  const timers = new Set<Disposer>()
  let lossShare = (fault('loss')?.percent ?? 0) / 100
  let noiseLevel = 0
  let isMuted = false
  let startedAtMs = 0
  let count = 0
  let chunk = 0
  let lastArrivalMs = 0
  let isClosed = false

  const later = (delayMs: number, run: () => void): void => {
    const stop = clock.setTimer(delayMs, () => {
      timers.delete(stop)
      run()
    })
    timers.add(stop)
  }
  const fillFrame = (): void => {
    frame.fill(0)
    let filled = 0
    for (let first = queue[0]; first !== undefined && filled < frameSamples; first = queue[0]) {
      const part = first.samples.subarray(first.at, first.at + frameSamples - filled)
      frame.set(part, filled)
      filled += part.length
      first.at += part.length
      if (first.at < first.samples.length) break
      queue.shift()
      first.done()
    }
    if (noiseLevel === 0) return
    for (let index = 0; index < frameSamples; index++) {
      frame[index] = Math.max(-32_768, Math.min(32_767, (frame[index] ?? 0) + (random() * 2 - 1) * noiseLevel))
    }
  }
  const tick = (): void => {
    if (isClosed) return
    const timestampMs = count * frameMs
    count += 1
    fillFrame()
    const isMutedNow =
      isMuted ||
      (mutedTime !== undefined && timestampMs >= mutedTime.atMs && timestampMs < mutedTime.atMs + mutedTime.ms)
    if (timestampMs < silentAtMs && !isMutedNow && (lossShare === 0 || random() >= lossShare)) deliver(timestampMs)
    // From the start rather than from now, so that late timers do not add up.
    later(Math.max(0, startedAtMs + (count + 1) * frameMs - clock.monotonicMs()), tick)
  }
  const deliver = (timestampMs: number): void => {
    const payload = Buffer.from(encodePcmu(frame)).toString('base64')
    const nowMs = clock.monotonicMs()
    let atMs = nowMs + random() * jitterMs * (jitterMs > 0 ? 1 : 0)
    if (stall !== undefined && timestampMs >= stall.atMs) atMs = Math.max(atMs, startedAtMs + stall.atMs + stall.ms)
    // A stream keeps its order.
    lastArrivalMs = Math.max(lastArrivalMs, atMs)
    const go = (): void => {
      for (let copy = 0; copy < copies; copy++) send(payload, timestampMs + skewMs, ++chunk)
    }
    if (lastArrivalMs <= nowMs) go()
    else later(lastArrivalMs - nowMs, go)
  }

  return {
    start() {
      startedAtMs = clock.monotonicMs()
      later(frameMs, tick)
    },
    say({ samples, sampleRateHz, channels }) {
      if (sampleRateHz !== 8_000 || channels !== 1) {
        throw new ParleyError({
          code: 'audio_format_unsupported',
          message: 'A phone line takes mono audio of 8 kHz. Convert it before.',
          details: { from: { sampleRateHz, channels }, to: { sampleRateHz: 8_000, channels: 1 } },
        })
      }
      return new Promise((done) => queue.push({ samples: samples.slice(), at: 0, done }))
    },
    mute: (muted) => void (isMuted = muted),
    noise: (dbfs) => void (noiseLevel = dbfs === undefined ? 0 : 32_768 * 10 ** (dbfs / 20) * Math.sqrt(3)),
    loss: (percent) => void (lossShare = percent / 100),
    close() {
      isClosed = true
      for (const stop of timers) stop()
      timers.clear()
      for (const { done } of queue.splice(0)) done()
    },
    get elapsedMs() {
      return count * frameMs
    },
  }
}
