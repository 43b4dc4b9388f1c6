import { audioOutputSuite } from '@parley/testing/conformance'
import { createLoopback, rate8k } from './__fixtures__/loopback.ts'

for (const played of ['report', 'mark', 'clock'] as const) {
  for (const pause of ['native', 'rewind', 'none'] as const) {
    audioOutputSuite(`paced, positions by ${played}, pause ${pause}`, () => {
      const { output, clock, stop } = createLoopback({ capabilities: { played, pause } })
      const close = (): void => {
        output.close()
        stop()
      }
      return { output, clock, format: rate8k, pause, toleranceMs: 60, latencyMs: 120, close }
    })
  }
}
