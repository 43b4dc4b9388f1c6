import type { CallCapture, CallDevices, PlayedSamples } from '@parley/client'

/** Devices without sound: the test speaks, and what would sound is played at once and kept. */
export interface TestDevices {
  readonly devices: CallDevices
  /** Says something into the microphone. */
  speak(samples: Float32Array): void
  /** All that was played. */
  readonly played: number[]
  readonly isOpen: boolean
}

export function createTestDevices({ sampleRateHz = 48_000 }: { sampleRateHz?: number } = {}): TestDevices {
  const played: number[] = []
  let listener = (_samples: Float32Array): void => {}
  let open = 0
  const capture: CallCapture = {
    sampleRateHz,
    removesEcho: true,
    onSamples(next) {
      listener = next
    },
    onEnded() {},
    async close() {
      open -= 1
    },
  }
  const progress = (): PlayedSamples => ({ played: played.length, buffered: 0, underruns: 0 })
  return {
    played,
    get isOpen() {
      return open > 0
    },
    speak: (samples) => listener(samples),
    devices: {
      async openCapture() {
        open += 1
        return capture
      },
      async openPlayout() {
        open += 1
        let tell = (_progress: PlayedSamples): void => {}
        return {
          outputLatencyMs: 0,
          push(samples) {
            played.push(...samples)
            tell(progress())
          },
          clear: async () => progress(),
          pause: async () => progress(),
          resume() {},
          onProgress(next) {
            tell = next
          },
          onState() {},
          async close() {
            open -= 1
          },
        }
      },
      async unlock() {},
      onWake: () => () => {},
    },
  }
}
