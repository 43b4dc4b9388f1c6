import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { InferenceSession, Tensor } from 'onnxruntime-web'

/** Where inference runs: WebAssembly, or the native library of the optional peer. */
export type SileroRuntime = 'web' | 'node'

/** Windows of one sample rate, in order; a stream may have several. */
export interface SileroWindows {
  sampleRateHz: 8000 | 16000
  /** The stream of each window. */
  streams: Uint32Array
  /** 1 where the stream forgets its context before the window. */
  resets: Uint8Array
  /** The windows one after the other: 512 samples each at 16 kHz, 256 at 8 kHz. */
  samples: Int16Array
}

/** The model, ready to run, with the left context and recurrent state of every stream. */
export interface SileroSession {
  readonly runtime: SileroRuntime
  /** The probability of speech for each window. */
  infer(windows: SileroWindows): Promise<Float32Array>
  /** Drops what is kept for a stream. */
  forget(stream: number): void
  close(): Promise<void>
}

interface StreamState {
  context: Float32Array
  recurrent: Float32Array
}

/** Half of a stream's recurrent state: the model has two layers of it. */
const STATE_SIZE = 128

/** The window and its left context, in samples: without the context the model misses speech and says nothing. */
export const sileroSizes: Readonly<Record<8000 | 16000, { window: number; context: number }>> = {
  8000: { window: 256, context: 32 },
  16000: { window: 512, context: 64 },
}

/** What both runtimes export alike. */
interface Runtime {
  InferenceSession: typeof InferenceSession
  Tensor: typeof Tensor
}

async function loadRuntime(wanted: 'auto' | SileroRuntime): Promise<{ runtime: SileroRuntime; module: Runtime }> {
  if (wanted !== 'web') {
    const peer = 'onnxruntime-node'
    try {
      // The peer re-exports the same onnxruntime-common as the WebAssembly package.
      return { runtime: 'node', module: (await import(peer)) as Runtime }
    } catch (error) {
      if (wanted === 'node') throw error
    }
  }
  const module = await import('onnxruntime-web')
  module.env.wasm.numThreads = 1
  return { runtime: 'web', module }
}

/** Loads the runtime and the model in this very thread. Rejects with what the runtime says when it is not there. */
export async function createSileroSession({
  runtime: wanted = 'auto',
}: { runtime?: 'auto' | SileroRuntime } = {}): Promise<SileroSession> {
  const path = createRequire(import.meta.url).resolve('@ricky0123/vad-web/dist/silero_vad_v5.onnx')
  const model = await readFile(path)
  const { runtime, module } = await loadRuntime(wanted)
  const session = await module.InferenceSession.create(model, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionProviders: [runtime === 'web' ? 'wasm' : 'cpu'],
  })
  const states = new Map<number, StreamState>()

  const stateOf = (stream: number, sampleRateHz: 8000 | 16000): StreamState => {
    const size = sileroSizes[sampleRateHz].context
    const known = states.get(stream)
    if (known?.context.length === size) return known
    const fresh = { context: new Float32Array(size), recurrent: new Float32Array(2 * STATE_SIZE) }
    states.set(stream, fresh)
    return fresh
  }

  /** One run of the model: each stream at most once, because its state comes out of the run before. */
  const runRound = async (windows: SileroWindows, round: readonly number[], target: Float32Array): Promise<void> => {
    const { sampleRateHz, streams, resets, samples } = windows
    const { window, context } = sileroSizes[sampleRateHz]
    const width = context + window
    const count = round.length
    const input = new Float32Array(count * width)
    const recurrent = new Float32Array(2 * count * STATE_SIZE)
    round.forEach((index, row) => {
      const state = stateOf(streams[index] ?? 0, sampleRateHz)
      if (resets[index] === 1) {
        state.context.fill(0)
        state.recurrent.fill(0)
      }
      input.set(state.context, row * width)
      const start = row * width + context
      for (let at = 0; at < window; at += 1) input[start + at] = (samples[index * window + at] ?? 0) / 32_768
      state.context.set(input.subarray((row + 1) * width - context, (row + 1) * width))
      recurrent.set(state.recurrent.subarray(0, STATE_SIZE), row * STATE_SIZE)
      recurrent.set(state.recurrent.subarray(STATE_SIZE), (count + row) * STATE_SIZE)
    })
    const outputs = await session.run({
      input: new module.Tensor('float32', input, [count, width]),
      state: new module.Tensor('float32', recurrent, [2, count, STATE_SIZE]),
      sr: new module.Tensor('int64', BigInt64Array.of(BigInt(sampleRateHz)), []),
    })
    // Both outputs of the model are float32.
    const probabilities = outputs['output']?.data as Float32Array
    const after = outputs['stateN']?.data as Float32Array
    round.forEach((index, row) => {
      target[index] = probabilities[row] ?? 0
      const state = stateOf(streams[index] ?? 0, sampleRateHz)
      state.recurrent.set(after.subarray(row * STATE_SIZE, (row + 1) * STATE_SIZE), 0)
      state.recurrent.set(after.subarray((count + row) * STATE_SIZE, (count + row + 1) * STATE_SIZE), STATE_SIZE)
    })
  }

  return {
    runtime,
    async infer(windows) {
      const target = new Float32Array(windows.streams.length)
      for (const round of toRounds(windows.streams)) await runRound(windows, round, target)
      return target
    },
    forget: (stream) => void states.delete(stream),
    close: () => session.release(),
  }
}

/** Splits windows so that each stream is in a round at most once, in its order. */
function toRounds(streams: Uint32Array): number[][] {
  const seen = new Map<number, number>()
  const rounds: number[][] = []
  streams.forEach((stream, index) => {
    const round = seen.get(stream) ?? 0
    seen.set(stream, round + 1)
    const members = rounds[round]
    if (members) members.push(index)
    else rounds.push([index])
  })
  return rounds
}
