import { ParleyError, type AudioFrame } from '@parley/spec'

/** A frame that is larger than a line may send. */
export function longFrame({ samples }: AudioFrame, maxBytes: number): ParleyError {
  return new ParleyError({
    code: 'audio_frame_invalid',
    message: `A frame of ${samples.byteLength} bytes came where ${maxBytes} are the most. It was left out, and so are others like it.`,
    details: { bytes: samples.byteLength, maxBytes },
  })
}

/** A frame of another format than was agreed. */
export function wrongFrame({ sampleRateHz, channels }: AudioFrame, expected: number): ParleyError {
  return new ParleyError({
    code: 'audio_frame_invalid',
    message: `A frame of ${sampleRateHz} Hz and ${channels} channels came where ${expected} Hz and one channel were agreed.`,
    details: { sampleRateHz, channels, expected },
  })
}
