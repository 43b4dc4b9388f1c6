// The npm alternatives, each doing what a component of ours does for one frame of 20 ms.
import libsamplerate from '@alexanderolsen/libsamplerate-js'
import alawmulaw from 'alawmulaw'
import audioMixer from 'audio-mixer'
import BlockStream from 'block-stream2'
import DTMF from 'goertzeljs/lib/dtmf.js'

export const { mulaw, alaw } = alawmulaw

/** Streaming conversion of 16-bit samples, as a call needs it. */
export async function openResampler(from, to) {
  const source = await libsamplerate.create(1, from, to, {
    converterType: libsamplerate.ConverterType.SRC_SINC_MEDIUM_QUALITY,
  })
  const input = new Float32Array(from / 50)
  return {
    push(samples) {
      for (let index = 0; index < samples.length; index++) input[index] = samples[index] / 32_768
      const made = source.full(input)
      const output = new Int16Array(made.length)
      for (let index = 0; index < made.length; index++)
        output[index] = Math.max(-32_768, Math.min(32_767, Math.round(made[index] * 32_768)))
      return output
    },
    close: () => source.destroy(),
  }
}

/** Cuts chunks into frames; resolves to how many there were. */
export async function cut(chunk, times, frameBytes) {
  const stream = new BlockStream({ size: frameBytes, zeroPadding: true })
  let frames = 0
  stream.on('data', () => (frames += 1))
  const ended = new Promise((resolve) => stream.on('end', resolve))
  for (let time = 0; time < times; time++) stream.write(chunk)
  stream.end()
  await ended
  return frames
}

export function openMixer(count, sampleRate) {
  const mixer = new audioMixer.Mixer({ channels: 1, bitDepth: 16, sampleRate })
  const inputs = Array.from({ length: count }, () =>
    mixer.input({ channels: 1, bitDepth: 16, sampleRate, volume: 100 }),
  )
  return {
    mix(chunk) {
      for (const input of inputs) input.write(chunk)
      return mixer.read()
    },
    close: () => mixer.close(),
  }
}

export function openDetector(sampleRate) {
  const detector = new DTMF({ sampleRate, repeatMin: 2 })
  return { push: (samples) => detector.processBuffer(samples) }
}
