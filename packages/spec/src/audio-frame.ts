/** Sample rates that audio of a call may have, in hertz. */
export type SampleRate = 8000 | 16000 | 22050 | 24000 | 32000 | 44100 | 48000

/** How samples are written: `pcm16` little-endian, G.711 mu-law and A-law, 32-bit float. */
export type AudioEncoding = 'pcm16' | 'pcmu' | 'pcma' | 'f32'

export interface AudioFormat {
  encoding: AudioEncoding
  sampleRateHz: SampleRate
  channels: 1 | 2
}

/** A piece of linear audio. Who is handed one never keeps `samples` after returning: it may be used again. */
export interface AudioFrame {
  /** Interleaved if there are two channels. */
  samples: Int16Array
  sampleRateHz: SampleRate
  channels: 1 | 2
  /** Position of the first sample, counted from the start of the stream at its own rate. */
  position: number
}

/** A whole clip. */
export interface AudioChunk {
  samples: Int16Array
  sampleRateHz: SampleRate
  channels: 1 | 2
}

/** How long a frame of a call is, in milliseconds. */
export const FRAME_MS = 20

/** All rates, ascending. */
export const sampleRates: readonly SampleRate[] = [8000, 16000, 22050, 24000, 32000, 44100, 48000]
