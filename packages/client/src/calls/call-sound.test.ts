import type { CallFrame } from '@parley/spec'
import { expect, test } from 'vitest'
import type { CallDevices, PlayedSamples } from './call-devices.ts'
import type { PlayoutReport } from './call-playout.ts'
import { createCallSound } from './call-sound.ts'

function setUp() {
  const reports: PlayoutReport[] = []
  const speakers: { pushed: number; play(): void }[] = []
  const devices: CallDevices = {
    openCapture: () => Promise.reject(new Error('none')),
    async openPlayout() {
      let tell = (_progress: PlayedSamples): void => {}
      const speaker = {
        pushed: 0,
        play: () => tell({ played: speaker.pushed, buffered: 0, underruns: 0 }),
      }
      speakers.push(speaker)
      return {
        outputLatencyMs: 0,
        push: (samples) => void (speaker.pushed += samples.length),
        clear: async () => ({ played: speaker.pushed, buffered: 0, underruns: 0 }),
        pause: async () => ({ played: speaker.pushed, buffered: 0, underruns: 0 }),
        resume() {},
        onProgress: (listener) => (tell = listener),
        onState() {},
        async close() {},
      }
    },
    async unlock() {},
    onWake: () => () => {},
  }
  const sound = createCallSound({
    devices,
    down: { codec: 'pcm16', rate: 24_000 },
    sendAudio: () => true,
    report: (report) => void reports.push(report),
    onState() {},
    onError(error) {
      throw error
    },
  })
  const frame = (position: number, epoch = 0): void => {
    const rest = { gap: false, last: false, priority: false, sequence: 0 }
    sound.frame({
      codec: 'pcm16',
      rate: 24_000,
      position,
      epoch,
      payload: new Uint8Array(960),
      ...rest,
    } satisfies CallFrame)
  }
  const begin = (epoch: number): void =>
    sound.segment({
      v: 1,
      seq: 1,
      type: 'segment',
      epoch,
      utteranceId: 'u1',
      segmentId: 's1',
      agentId: null,
      kind: 'reply',
      phase: 'start',
    })
  return { sound, speakers, reports, frame, begin }
}

test('what the agent is saying goes on in another speaker, with its place', async () => {
  const { sound, speakers, reports, frame, begin } = setUp()
  await sound.useSpeaker(undefined)
  begin(0)
  frame(0)
  await sound.useSpeaker('room')
  frame(480)
  speakers[1]?.play()
  expect(speakers.map(({ pushed }) => pushed)).toEqual([480, 480])
  expect(reports).toEqual([{ type: 'played', epoch: 0, utteranceId: 'u1', positionMs: 40, bufferedMs: 0 }])
})

test('a speaker that is opened later knows the epoch', async () => {
  const { sound, speakers, frame, begin } = setUp()
  begin(3)
  sound.clear(4)
  expect(sound.epoch).toBe(4)
  await sound.useSpeaker(undefined)
  frame(0, 3)
  frame(0, 4)
  expect(speakers[0]?.pushed).toBe(480)
})
