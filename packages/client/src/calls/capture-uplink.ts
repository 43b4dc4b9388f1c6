import { createFramer, createResampler, type Resampler } from '@parley/audio'
import { ParleyError, sampleRates, type CallFrame, type SampleRate } from '@parley/spec'
import type { CallCapture } from './call-devices.ts'

/** What a person says is sent at this rate, in frames of 20 ms. */
export const uplinkRate = 16_000

/** The microphone on its way to the wire. */
export interface CaptureUplink {
  /** Sound of this microphone is sent from now on, of the one before no more. */
  use(capture: CallCapture): Promise<void>
  /** Nothing is sent while it is `false`. */
  setOpen(isOpen: boolean): void
  /** The connection is new: the next frame says that something is missing before it. */
  markGap(): void
  close(): Promise<void>
}

/** Turns what microphones give, at whatever rate, into frames. */
export function createCaptureUplink(send: (frame: CallFrame) => boolean): CaptureUplink {
  const framer = createFramer({ sampleRateHz: uplinkRate })
  let current: CallCapture | undefined
  let resampler: Resampler | undefined
  let isOpen = true
  let hasGap = false
  let sequence = 0
  let position = 0

  const frame = (samples: Int16Array): void => {
    if (!isOpen) {
      // Time goes on while nothing is sent.
      position += samples.length
      return
    }
    const payload = new Uint8Array(samples.length * 2)
    const view = new DataView(payload.buffer)
    samples.forEach((sample, index) => view.setInt16(index * 2, sample, true))
    const isSent = send({
      codec: 'pcm16',
      rate: uplinkRate,
      gap: hasGap,
      last: false,
      priority: false,
      sequence,
      position,
      epoch: 0,
      payload,
    })
    hasGap = !isSent
    sequence += 1
    position += samples.length
  }
  const drop = async (): Promise<void> => {
    const before = current
    current = undefined
    resampler?.close()
    resampler = undefined
    await before?.close()
  }

  return {
    async use(capture) {
      const { sampleRateHz } = capture
      const convert = await converterOf(sampleRateHz)
      await drop()
      current = capture
      resampler = convert
      capture.onSamples((samples) => {
        if (current !== capture) return
        const linear = toInt16(samples)
        framer.push(resampler === undefined ? linear : resampler.push(linear), ({ samples: whole }) => frame(whole))
      })
    },
    setOpen(next) {
      isOpen = next
    },
    markGap() {
      hasGap = true
    },
    close: drop,
  }
}

async function converterOf(sampleRateHz: number): Promise<Resampler | undefined> {
  if (sampleRateHz === uplinkRate) return undefined
  const from = sampleRates.find((rate): rate is SampleRate => rate === sampleRateHz)
  if (from !== undefined) return createResampler(from, uplinkRate)
  throw new ParleyError({
    code: 'audio_format_unsupported',
    message: `The microphone gives ${sampleRateHz} samples per second, which is none of ${sampleRates.join(', ')}. Choose another microphone.`,
    details: { from: sampleRateHz, to: uplinkRate },
  })
}

function toInt16(samples: Float32Array): Int16Array {
  return Int16Array.from(samples, (sample) => Math.round(Math.max(-1, Math.min(1, sample)) * 32_767))
}
