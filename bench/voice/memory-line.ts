import { createSystemClock, type EndpointHandlers, type MediaEndpoint } from '@parley/spec'
import { createPacedOutput } from '@parley/voice'
import type { Line } from './lines.ts'

const heard = { encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 } as const
const spoken = { encoding: 'pcm16', sampleRateHz: 24_000, channels: 1 } as const
const capabilities = { clear: true, pause: 'native', played: 'clock', dtmfOut: false } as const

/** Both ends of a call in one process, without a wire between them: what a peer that is measured so is compared with. */
export function openMemoryLine(id: string): { endpoint: MediaEndpoint; line: Line } {
  const clock = createSystemClock()
  let handlers: EndpointHandlers | undefined
  let position = 0
  const line: Line = {
    onSound: () => {},
    onClear: () => {},
    onPlayed: () => {},
    send(samples) {
      handlers?.onFrame({ samples, sampleRateHz: 16_000, channels: 1, position }, clock.monotonicMs())
      position += samples.length
    },
    async end() {
      handlers?.onClose('hangup')
    },
  }
  const output = createPacedOutput({
    clock,
    format: spoken,
    capabilities,
    farBufferMs: 0,
    link: {
      send: () => line.onSound(false),
      clear: () => line.onClear(),
      pause: () => {},
      continue: () => {},
    },
  })
  output.on('finished', ({ interrupted }) => {
    if (interrupted !== true) line.onPlayed()
  })
  const endpoint: MediaEndpoint = {
    info: {
      id,
      kind: 'test',
      direction: 'inbound',
      inputFormat: heard,
      outputFormat: spoken,
      echo: 'client',
      farBufferMs: 0,
      capabilities,
    },
    output,
    async start(given) {
      handlers = given
      given.onState('connected')
    },
    // It has a screen, as a browser has; nobody looks at it.
    show: () => {},
    async close() {
      handlers = undefined
      output.close()
    },
  }
  return { endpoint, line }
}
