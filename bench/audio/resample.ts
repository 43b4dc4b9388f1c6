import { createResampler } from '@parley/audio'
import { sampleRates } from '@parley/spec'
import type { Scenario } from '../suite.ts'
import { loadAudioPeer } from './audio-peer.ts'
import { perFrame } from './per-frame.ts'
import { inTurn, soundFrames } from './sound.ts'

/** Every pair of rates, streaming, 20 ms at a time. */
export const resample: Scenario = async function* (context) {
  const { openResampler } = await loadAudioPeer(context.progress)
  for (const from of sampleRates) {
    for (const to of sampleRates) {
      if (from === to) continue
      const next = inTurn(soundFrames(from))
      const ours = await createResampler(from, to)
      const peer = await openResampler(from, to)
      yield await perFrame(
        {
          metric: `audio-resample-${from}-${to}`,
          peerName: 'libsamplerate-js, medium sinc (npm)',
          ours: () => ours.push(next()),
          peer: () => peer.push(next()),
        },
        context,
      )
      ours.close()
      peer.close()
    }
  }
}
