import { loadPeer } from '../load-peer.ts'
import type { BenchContext } from '../suite.ts'

/** What `peers/audio/run.mjs` offers. */
export interface AudioPeer {
  mulaw: G711Peer
  alaw: G711Peer
  openResampler(from: number, to: number): Promise<{ push(samples: Int16Array): Int16Array; close(): void }>
  cut(chunk: Uint8Array, times: number, frameBytes: number): Promise<number>
  openMixer(count: number, sampleRateHz: number): { mix(chunk: Uint8Array): Uint8Array | null; close(): void }
  openDetector(sampleRateHz: number): { push(samples: Float32Array): string[] }
}

interface G711Peer {
  encode(samples: Int16Array): Uint8Array
  decode(codes: Uint8Array): Int16Array
}

/** Loads the npm alternatives. @throws {Error} when they cannot be had: every figure here needs them */
export async function loadAudioPeer(progress: BenchContext['progress']): Promise<AudioPeer> {
  const loaded = await loadPeer<AudioPeer>('audio', 'run.mjs', progress)
  if (loaded.script === undefined) throw new Error(loaded.why)
  return loaded.script
}
