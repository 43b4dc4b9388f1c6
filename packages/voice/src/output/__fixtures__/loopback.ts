import type { AudioFormat, AudioFrame, Disposer, OutputEvent, SampleRate } from '@parley/spec'
import { createVirtualClock, type VirtualClock } from '@parley/testing'
import type { FarFrame, FarSegment, PacedOutput } from '../far-end.ts'
import type { PacedOutputOptions } from '../paced-output-options.ts'
import { createPacedOutput } from '../paced-output.ts'

/** A far end in virtual time: plays from a buffer at real speed and keeps what sounded. */
export interface Loopback {
  clock: VirtualClock
  output: PacedOutput
  /** Every call of the wire, in order: `send`, `clear:1`, `mark:name` ... */
  calls: string[]
  sent: { atMs: number; samples: Int16Array; frame: FarFrame }[]
  segments: FarSegment[]
  events: OutputEvent[]
  errors: string[]
  /** First sample of each frame that sounded, and when it began. */
  heard: { atMs: number; samples: Int16Array; frame: FarFrame }[]
  /** How the far end plays from now on. */
  far: { speed: number; reports: boolean; marks: boolean; plays: boolean; markDelayMs: number }
  of(type: OutputEvent['type']): OutputEvent[]
  /** The far end goes away. */
  stop(): void
}

export const rate8k: AudioFormat = { encoding: 'pcm16', sampleRateHz: 8000, channels: 1 }

/** Makes an output whose far end is simulated. */
export function createLoopback(
  options: Partial<Omit<PacedOutputOptions, 'capabilities'>> & { capabilities?: Partial<PacedOutputOptions['capabilities']> } = {},
): Loopback {
  const clock = createVirtualClock()
  const calls: string[] = []
  const sent: Loopback['sent'] = []
  const segments: FarSegment[] = []
  const heard: Loopback['heard'] = []
  const errors: string[] = []
  const far = { speed: 1, reports: true, marks: true, plays: true, markDelayMs: 0 }
  let buffer: (Loopback['sent'][number] | { mark: string })[] = []
  let isPaused = false
  let isStepping = false
  let reported = 0
  let stopTimer: Disposer | undefined
  const capabilities = { clear: true, pause: 'rewind', played: 'mark', dtmfOut: false, ...options.capabilities } as const

  const giveMark = (name: string): void => {
    if (!far.marks) return
    if (far.markDelayMs === 0) output.markPlayed(name)
    else clock.setTimer(far.markDelayMs, () => output.markPlayed(name))
  }
  /** Plays one frame, then the next after its length. */
  const step = (): void => {
    isStepping = false
    if (isPaused || !far.plays) return
    // What is told of may send more, which must not start a second player.
    isStepping = true
    while (buffer[0] !== undefined && 'mark' in buffer[0]) giveMark((buffer.shift() as { mark: string }).mark) // as just seen
    isStepping = false
    const next = buffer[0]
    if (next === undefined || 'mark' in next) return
    buffer.shift()
    heard.push({ ...next, atMs: clock.monotonicMs() })
    isStepping = true
    stopTimer = clock.setTimer(20 / far.speed, () => {
      const { epoch, utteranceId, utteranceSamples } = next.frame
      reported += 1
      const isDue = reported % 5 === 0 || next.frame.isLast
      if (capabilities.played === 'report' && far.reports && isDue && utteranceId !== '') {
        output.played({ epoch, utteranceId, positionMs: (utteranceSamples / 8) + 20 })
      }
      step()
    })
  }
  const kick = (): void => {
    if (!isStepping) step()
  }
  const output = createPacedOutput({
    clock,
    format: rate8k,
    farBufferMs: 200,
    onError: ({ code }) => void errors.push(code),
    ...options,
    capabilities,
    link: {
      send(samples, frame) {
        calls.push(frame.kind === 'speech' ? `send:${frame.segmentId}:${frame.positionMs}` : 'background')
        const entry = { atMs: clock.monotonicMs(), samples: samples.slice(), frame }
        sent.push(entry)
        buffer.push(entry)
        kick()
      },
      clear(epoch) {
        calls.push(`clear:${epoch}`)
        const marks = buffer.flatMap((entry) => ('mark' in entry ? [entry.mark] : []))
        buffer = []
        // As on the wire: what was waiting comes back a little later.
        clock.setTimer(5, () => marks.forEach(giveMark))
      },
      pause(epoch) {
        calls.push(`pause:${epoch}`)
        isPaused = true
      },
      continue(epoch) {
        calls.push(`continue:${epoch}`)
        isPaused = false
        kick()
      },
      mark(name) {
        calls.push(`mark:${name}`)
        buffer.push({ mark: name })
        kick()
      },
      segment: (segment) => void segments.push(segment),
    },
  })
  const events: OutputEvent[] = []
  output.on('*', (event) => void events.push(event))
  const stop = (): void => {
    buffer = []
    far.plays = false
    stopTimer?.()
  }
  return { stop, clock, output, calls, sent, segments, events, errors, heard, far, of: (type) => events.filter((e) => e.type === type) }
}

/** Audio whose samples count up, so that each of them is known again; never near full scale. */
export function countingAudio(ms: number, sampleRateHz: SampleRate = 8000, from = 0): AudioFrame {
  const samples = Int16Array.from({ length: (sampleRateHz / 1000) * ms }, (_, index) => ((from + index) % 16_000) + 1)
  return { samples, sampleRateHz, channels: 1, position: from }
}

/** Opens a segment and captures audio of that length, without ending it. */
export function speak(output: PacedOutput, segmentId: string, ms: number, utteranceId = 'u1') {
  const segment = output.open({ utteranceId, segmentId, format: rate8k })
  if (ms > 0) segment.capture(countingAudio(ms))
  return segment
}
