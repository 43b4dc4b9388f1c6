import { decodePcma, decodePcmu, encodePcma, encodePcmu } from '@parley/audio'
import type { Scenario } from '../suite.ts'
import { loadAudioPeer } from './audio-peer.ts'
import { perFrame } from './per-frame.ts'
import { inTurn, soundFrames } from './sound.ts'

const peerName = 'alawmulaw (npm)'

/** Coding and decoding 20 ms of a telephone. */
export const g711: Scenario = async function* (context) {
  const peer = await loadAudioPeer(context.progress)
  const frames = soundFrames(8_000)
  const codes = new Uint8Array(160)
  const samples = new Int16Array(160)
  for (const [name, encode, decode, theirs] of [
    ['pcmu', encodePcmu, decodePcmu, peer.mulaw],
    ['pcma', encodePcma, decodePcma, peer.alaw],
  ] as const) {
    const next = inTurn(frames)
    const nextCodes = inTurn(frames.map((frame) => encode(frame)))
    yield await perFrame(
      {
        metric: `audio-${name}-encode`,
        peerName,
        ours: () => encode(next(), codes),
        peer: () => theirs.encode(next()),
      },
      context,
    )
    yield await perFrame(
      {
        metric: `audio-${name}-decode`,
        peerName,
        ours: () => decode(nextCodes(), samples),
        peer: () => theirs.decode(nextCodes()),
      },
      context,
    )
  }
}
