import { createWavWriter } from '@parley/audio'
import { createSha256, type RecordingSink, type SampleRate } from '@parley/spec'
import type { RecordedFile } from './recording-receipt.ts'
import type { RecordingLayout } from './recording-options.ts'

/** Writes aligned blocks of both sides as files. */
export interface RecordingWriter {
  /** Blocks of equal length; they may be used again after returning. */
  write(caller: Int16Array, agent: Int16Array): void
  /** Ends the files. Rejects with what the sink refused. */
  finish(): Promise<RecordedFile[]>
  /** Removes what was written; for a person who takes consent back. */
  discard(): Promise<void>
  /** Samples that the sink was too slow for. */
  readonly lostSamples: number
}

/** Bytes that may wait for the sink; more are left out and made up for by silence, so that time stays true. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024

interface Options {
  sink: RecordingSink
  name: string
  layout: RecordingLayout
  sampleRateHz: SampleRate
  onError(error: unknown): void
}

/** Starts the files of a recording. */
export function createRecordingWriter({ sink, name, layout, sampleRateHz, onError }: Options): RecordingWriter {
  const file = (side: RecordedFile['side'], channels: 1 | 2, suffix = ''): FileWriter =>
    openFile({ sink, name: `${name}${suffix}.wav`, side, channels, sampleRateHz, onError })
  const files =
    layout === 'tracks'
      ? [file('caller', 1, '-caller'), file('agent', 1, '-agent')]
      : [file('both', layout === 'stereo' ? 2 : 1)]
  const [first, second] = files
  let lostSamples = 0
  let owed = 0
  let isFull = false

  const put = (caller: Int16Array, agent: Int16Array): void => {
    if (layout === 'tracks') {
      first?.write(caller)
      second?.write(agent)
    } else first?.write(layout === 'stereo' ? interleave(caller, agent) : mixDown(caller, agent))
  }
  const payOwed = (): void => {
    for (; owed > 0; owed -= Math.min(owed, sampleRateHz)) {
      const silence = new Int16Array(Math.min(owed, sampleRateHz))
      put(silence, silence)
    }
  }

  return {
    write(caller, agent) {
      const waiting = files.reduce((sum, { waitingBytes }) => sum + waitingBytes, 0)
      isFull = waiting > (isFull ? MAX_WAITING_BYTES / 2 : MAX_WAITING_BYTES)
      if (isFull) {
        lostSamples += caller.length
        owed += caller.length
        return
      }
      payOwed()
      put(caller, agent)
    },
    async finish() {
      payOwed()
      return Promise.all(files.map((one) => one.finish()))
    },
    async discard() {
      await Promise.all(files.map((one) => one.discard()))
    },
    get lostSamples() {
      return lostSamples
    },
  }
}

interface FileWriter {
  write(samples: Int16Array): void
  finish(): Promise<RecordedFile>
  discard(): Promise<void>
  readonly waitingBytes: number
}

function openFile({
  sink,
  name,
  side,
  channels,
  sampleRateHz,
  onError,
}: Omit<Options, 'layout'> & { side: RecordedFile['side']; channels: 1 | 2 }): FileWriter {
  const wav = createWavWriter({ encoding: 'pcm16', sampleRateHz, channels })
  const hash = createSha256()
  const header = wav.header()
  const opened = sink.create({ name, contentType: 'audio/wav' })
  let waitingBytes = 0
  let bytes = header.length
  let hasFailed = false
  let last: Promise<void> = opened.then((file) => file.write(header))
  // Told once, and `finish` rejects with it: nothing is swallowed here.
  const watch = (): void =>
    void last.catch((error: unknown) => {
      if (!hasFailed) onError(error)
      hasFailed = true
    })
  watch()

  return {
    write(samples) {
      if (hasFailed) return
      const chunk = wav.chunk(samples)
      hash.add(chunk)
      bytes += chunk.length
      waitingBytes += chunk.length
      last = last.then(async () => {
        await (await opened).write(chunk)
        waitingBytes -= chunk.length
      })
      watch()
    },
    async finish() {
      await last
      const file = await opened
      for (const { offset, bytes: patch } of wav.finish().patch) await file.patch(offset, patch)
      const { where } = await file.close()
      return { where, side, hash: `sha256:${hash.digest()}`, bytes }
    },
    async discard() {
      const file = await opened
      await last.catch(() => {})
      await file.discard()
    },
    get waitingBytes() {
      return waitingBytes
    },
  }
}

function interleave(left: Int16Array, right: Int16Array): Int16Array {
  const both = new Int16Array(left.length * 2)
  for (let index = 0; index < left.length; index++) {
    both[index * 2] = left[index] ?? 0
    both[index * 2 + 1] = right[index] ?? 0
  }
  return both
}

function mixDown(one: Int16Array, other: Int16Array): Int16Array {
  // A Int16Array would wrap around where both are loud.
  return Int16Array.from(one, (sample, index) => Math.max(-32_768, Math.min(32_767, sample + (other[index] ?? 0))))
}
