import { createDtmfDetector, createFramer, createJitterBuffer, createMixer, dtmfTone } from '@parley/audio'
import { alternate } from '../alternate.ts'
import { toFigure } from '../figure.ts'
import type { Scenario } from '../suite.ts'
import { loadAudioPeer } from './audio-peer.ts'
import { perFrame } from './per-frame.ts'
import { asBytes, inTurn, soundFrames } from './sound.ts'

/** Cutting chunks of 4 KiB, as voices send them, into frames of 20 ms at 24 kHz. */
export const framer: Scenario = async function* ({ progress, isQuick }) {
  const { cut } = await loadAudioPeer(progress)
  const chunk = new Int16Array(2_048).fill(1_000)
  const times = isQuick ? 100 : 20_000
  const frames = Math.floor((times * chunk.length) / 480)
  const nanoseconds = async (run: () => number | Promise<number>): Promise<number> => {
    const startMs = performance.now()
    const made = await run()
    if (Math.abs(made - frames) > 1) throw new Error(`${made} frames were cut where ${frames} are.`)
    return ((performance.now() - startMs) * 1e6) / made
  }
  const ours = (): number => {
    const own = createFramer({ sampleRateHz: 24_000 })
    let made = 0
    for (let time = 0; time < times; time++) own.push(chunk, () => (made += 1))
    return made
  }
  const measured = await alternate(
    { ours: () => nanoseconds(ours), peer: () => nanoseconds(() => cut(asBytes(chunk), times, 960)) },
    { rounds: isQuick ? 1 : 7, progress },
  )
  yield toFigure({
    metric: 'audio-framer',
    unit: 'ns/frame',
    better: 'lower',
    ours: measured.ours,
    peer: measured.peer,
    peerName: 'block-stream2 (npm)',
    n: measured.n,
  })
}

/** Mixing 2 and 10 sources of 16 kHz into one. */
export const mixer: Scenario = async function* (context) {
  const { openMixer } = await loadAudioPeer(context.progress)
  const frames = soundFrames(16_000)
  for (const count of [2, 10]) {
    const next = inTurn(frames)
    const nextBytes = inTurn(frames.map(asBytes))
    const ids = Array.from({ length: count }, (_, index) => `source ${index}`)
    const own = createMixer({ sampleRateHz: 16_000 })
    const peer = openMixer(count, 16_000)
    yield await perFrame(
      {
        metric: `audio-mixer-${count}`,
        peerName: 'audio-mixer (npm)',
        ours() {
          const frame = next()
          for (const id of ids) own.push(id, frame)
          own.advance()
          return own.mix()
        },
        peer() {
          if (peer.mix(nextBytes()) === null) throw new Error('The peer mixed nothing.')
        },
        note: 'The peer divides by the number of sources and has no limiter.',
      },
      context,
    )
    peer.close()
  }
}

/** Ordering frames of which every tenth comes one place late. */
export const jitter: Scenario = async function* (context) {
  const next = inTurn(soundFrames(8_000))
  const order = (at: number): number => (at % 10 === 4 ? at + 1 : at % 10 === 5 ? at - 1 : at)
  const own = createJitterBuffer({ sampleRateHz: 8_000, minMs: 60 })
  let ownAt = 0
  const sorted: { sequence: number; samples: Int16Array }[] = []
  let peerAt = 0
  yield await perFrame(
    {
      metric: 'audio-jitter',
      peerName: 'sorted array of copies',
      ours() {
        own.push(order(ownAt), next(), ownAt * 20)
        ownAt += 1
        return own.pull()
      },
      peer() {
        sorted.push({ sequence: order(peerAt), samples: next().slice() })
        peerAt += 1
        sorted.sort((one, other) => one.sequence - other.sequence)
        return sorted.length > 3 ? sorted.shift() : undefined
      },
      note: 'No package on npm does this without a network stack around it. The array conceals nothing, and does not follow the arrivals.',
    },
    context,
  )
}

/** Listening for keys at 8 kHz. */
export const dtmf: Scenario = async function* (context) {
  const { openDetector } = await loadAudioPeer(context.progress)
  const tone = dtmfTone('5', { toneMs: 500, gapMs: 500 }).samples
  const frames = Array.from({ length: 50 }, (_, index) => tone.subarray(index * 160, (index + 1) * 160))
  const next = inTurn(frames)
  const nextFloats = inTurn(frames.map((frame) => Float32Array.from(frame, (sample) => sample / 32_768)))
  const own = createDtmfDetector({ sampleRateHz: 8_000, onDigit: () => {} })
  const peer = openDetector(8_000)
  yield await perFrame(
    {
      metric: 'audio-dtmf',
      peerName: 'goertzeljs (npm)',
      ours: () => own.push({ samples: next() }),
      peer: () => peer.push(nextFloats()),
      note: 'Ours looks twice per frame, and at twist and purity too.',
    },
    context,
  )
}
