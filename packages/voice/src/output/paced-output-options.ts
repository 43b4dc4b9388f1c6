import { checkOptions, ParleyError, type AudioFormat, type Clock, type EndpointInfo } from '@parley/spec'
import type { FarEnd } from './far-end.ts'

/** Times of a paced output, in milliseconds. */
export interface OutputTimings {
  /** Captured audio of a segment that may wait. @default 10 000 */
  queueMs: number
  /** How far sending is ahead of playing. @default 60 */
  headroomMs: number
  /** Sent and not confirmed; beyond, nothing more is sent. @default 2 000 */
  aheadMs: number
  /** Between two marks of a segment. @default 200 */
  markEveryMs: number
  /** A source of positions that says nothing for so long is replaced. @default 1 000 */
  sourceSilentMs: number
  /** Beyond the length of a segment and the far buffer, until it is given up. @default 5 000 */
  stallMs: number
  /** What is said again after a pause by rewinding. @default 40 */
  rewindMs: number
  /** Between two estimates of the position that are told. @default 100 */
  progressEveryMs: number
  /** From our sending to the person's ear, beyond the far buffer. @default 0 */
  outputLatencyMs: number
}

export const defaultOutputTimings: OutputTimings = {
  queueMs: 10_000,
  headroomMs: 60,
  aheadMs: 2_000,
  markEveryMs: 200,
  sourceSilentMs: 1_000,
  stallMs: 5_000,
  rewindMs: 40,
  progressEveryMs: 100,
  outputLatencyMs: 0,
}

/** Options of `createPacedOutput`. */
export interface PacedOutputOptions extends Partial<OutputTimings> {
  clock: Clock
  /** What the far end takes; encoding is the endpoint's part. */
  format: AudioFormat
  farBufferMs: number
  capabilities: EndpointInfo['capabilities']
  link: FarEnd
  /** Hears of segments that were given up and of audio that cannot be converted. @default nobody */
  onError?(error: ParleyError): void
}

/**
 * Checks options and fills in the times.
 * @throws {ParleyError} `invalid_options`
 */
export function resolveOutputTimings(options: PacedOutputOptions): OutputTimings {
  const times = Object.keys(defaultOutputTimings)
  checkOptions('createPacedOutput', options, [
    'clock',
    'format',
    'farBufferMs',
    'capabilities',
    'link',
    'onError',
    ...times,
  ])
  const timings: OutputTimings = { ...defaultOutputTimings }
  for (const name of times as (keyof OutputTimings)[]) {
    // they are the keys of that type
    const value = options[name]
    if (value === undefined) continue
    if (!Number.isFinite(value) || value < 0) {
      throw new ParleyError({
        code: 'invalid_options',
        message: `createPacedOutput takes ${name} in milliseconds, zero or more, and was given ${value}.`,
        details: { path: name, expected: 'a number of milliseconds' },
      })
    }
    timings[name] = value
  }
  return timings
}
