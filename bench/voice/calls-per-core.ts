import { createEnergyVad, createResampler } from '@parley/audio'
import { createFliteTts, createSileroVad } from '@parley/local'
import {
  createSystemClock,
  createSystemIds,
  noTelemetry,
  type SpeechContext,
  type VoiceActivityDetector,
} from '@parley/spec'
import { toFigure } from '../figure.ts'
import { median } from '../statistics.ts'
import type { BenchContext, Scenario } from '../suite.ts'
import { openCallHost } from './call-host.ts'
import { startCallers } from './callers.ts'
import { check } from './turn-latency.ts'
import { measureUsage, type Usage } from './usage.ts'

type Detector = VoiceActivityDetector & { close?(): Promise<void>; ready?: Promise<string | null> }

/** A stretch of detection: what it cost, and how much sound it was for. */
interface Run extends Usage {
  /** Seconds of sound for each second of processor time: the calls that one core takes. */
  callsPerCore: number
}

interface Plan {
  metric: string
  /** At how many calls it is measured. */
  calls: number
  target: number
  create(onFallback: () => void): Detector
  /** Whether the detector alone is worth comparing with. */
  hasPeer: boolean
}

/** How many calls one core takes: calls at a time, by the processor time that they and their detector take. */
export function callsPerCore(plan: Plan): Scenario {
  return async function* (context) {
    const { metric, calls, target } = plan
    const runtime = await runtimeOf(plan)
    if (runtime === null) {
      context.progress(`${metric}: the runtime is not installed, so it is left out`)
      return
    }
    const voice = await speech()
    const ours: Run[] = []
    const peer: Run[] = []
    const rounds = context.isQuick ? 1 : 3
    for (let round = 0; round < rounds; round++) {
      const sides = [
        async () => void ours.push(await withCalls(plan, voice, context)),
        async () => {
          if (plan.hasPeer) peer.push(await detectorAlone(plan, voice, context))
        },
      ]
      for (const side of round % 2 === 0 ? sides : sides.toReversed()) await side()
    }
    yield toFigure({
      metric,
      unit: 'calls/core',
      better: 'higher',
      ours: median(ours.map((run) => run.callsPerCore)),
      peer: plan.hasPeer ? median(peer.map((run) => run.callsPerCore)) : null,
      peerName: plan.hasPeer ? 'the detector alone' : 'none',
      n: ours.length,
      note:
        `Sound per processor time of all threads at ${calls} calls with turns (${runtime}); the loop was ` +
        `${median(ours.map(({ lagMs }) => lagMs)).toFixed(1)} ms late at p99 (limit 20). Target: ${target}.`,
    })
  }
}

/** Silero in the runtime that would be taken. */
export const withSilero: Plan = {
  metric: 'calls-per-core',
  calls: 5,
  target: 5,
  create: (onFallback) => createSileroVad({ onFallback }),
  hasPeer: true,
}

/** The same in WebAssembly, whatever is installed. */
export const withWasm: Plan = {
  ...withSilero,
  metric: 'calls-per-core-wasm',
  create: (onFallback) => createSileroVad({ runtime: 'web', onFallback }),
}

/** The same with the native runtime. */
export const withNative: Plan = {
  ...withSilero,
  metric: 'calls-per-core-node',
  target: 40,
  create: (onFallback) => createSileroVad({ runtime: 'node', onFallback }),
}

/** By level alone. */
export const withEnergy: Plan = {
  metric: 'calls-per-core-energy',
  calls: 100,
  target: 300,
  create: () => createEnergyVad(),
  hasPeer: false,
}

async function runtimeOf({ create }: Plan): Promise<string | null> {
  const detector = create(() => {})
  const runtime = detector.ready === undefined ? detector.info.id : await detector.ready
  await detector.close?.()
  return runtime
}

async function withCalls(
  { metric, calls, create }: Plan,
  voice: Int16Array,
  { progress, isQuick }: BenchContext,
): Promise<Run> {
  progress(`${metric}: ${calls} calls`)
  await using meter = await meterOf(create, metric)
  await using host = await openCallHost({ vad: meter.vad })
  using callers = await startCallers()
  await callers.tell({ do: 'open', url: host.url, calls, kind: 'websocket' })
  await callers.tell({ do: 'voice', samples: Array.from(voice) })
  await callers.tell({ do: 'talkOn', speechMs: (voice.length / 16) * 2, pauseMs: 4_000 })
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  const measured = await meter.measure(isQuick ? 3_000 : 12_000)
  const said = host.channel.calls.flatMap(({ log }) => log).some(({ event }) => isSpeech(event))
  check(host, 0)
  if (!said) throw new Error('Nobody was heard speaking.')
  return measured
}

function isSpeech(event: unknown): boolean {
  return typeof event === 'object' && event !== null && 'type' in event && event.type === 'vadStart'
}

/**
 * The same sound into as many streams of the detector, and nothing else. Frames come one by one as those of callers do:
 * a detector that is given all of them at once takes them in one batch, which no server can hope for.
 */
async function detectorAlone(
  { metric, calls, create }: Plan,
  voice: Int16Array,
  { progress, isQuick }: BenchContext,
): Promise<Run> {
  progress(`${metric}: the detector alone`)
  await using meter = await meterOf(create, metric)
  const quiet = Int16Array.from({ length: 320 }, (_, index) => ((index * 7919) % 5) - 2)
  const frames = voice.length / 320
  const cycle = frames * 2 + 200
  const streams = Array.from({ length: calls }, () => meter.vad.create({ sampleRateHz: 16_000, onResult: () => {} }))
  const startedMs = performance.now()
  const timers = new Map<number, NodeJS.Timeout>()
  const feed = (index: number, frame: number): void => {
    // Spread as people are who do not all speak at once.
    const at = (frame + Math.floor((index * cycle) / calls)) % cycle
    const from = (at % frames) * 320
    const samples = at < frames * 2 ? voice.subarray(from, from + 320) : quiet
    streams[index]?.push({ samples, sampleRateHz: 16_000, channels: 1, position: frame * 320 }, frame * 20)
    const dueMs = startedMs + (frame + 1 + index / calls) * 20
    timers.set(
      index,
      setTimeout(() => feed(index, frame + 1), dueMs - performance.now()),
    )
  }
  streams.forEach((_, index) => feed(index, 0))
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  const measured = await meter.measure(isQuick ? 3_000 : 12_000)
  for (const timer of timers.values()) clearTimeout(timer)
  await Promise.all(streams.map((stream) => stream.close()))
  return measured
}

/** A detector that counts the sound it is given: on a busy machine not all of it comes in time. */
async function meterOf(
  create: Plan['create'],
  metric: string,
): Promise<AsyncDisposable & { vad: VoiceActivityDetector; measure(ms: number): Promise<Run> }> {
  let fallbacks = 0
  let soundMs = 0
  const detector = create(() => (fallbacks += 1))
  await detector.ready
  const vad: VoiceActivityDetector = {
    info: detector.info,
    create(options) {
      const stream = detector.create(options)
      return {
        push(frame, atMs) {
          soundMs += (frame.samples.length / frame.sampleRateHz) * 1_000
          stream.push(frame, atMs)
        },
        reset: () => stream.reset(),
        close: () => stream.close(),
      }
    },
  }
  return {
    vad,
    async measure(ms) {
      const before = soundMs
      const usage = await measureUsage(ms)
      if (fallbacks > 0) throw new Error(`${metric}: the detector gave up, so its cost was not measured.`)
      return { ...usage, callsPerCore: (soundMs - before) / usage.cpuMs }
    },
    [Symbol.asyncDispose]: async () => detector.close?.(),
  }
}

/** A sentence of a real voice, 16 kHz, whole frames. */
async function speech(): Promise<Int16Array> {
  await using engine = createFliteTts()
  const clock = createSystemClock()
  const context: SpeechContext = {
    clock,
    ids: createSystemIds(),
    signal: new AbortController().signal,
    sockets: () => Promise.reject(new Error('not used')),
    fetch,
    telemetry: noTelemetry,
  }
  const [format] = engine.info.formats
  const [voice] = await engine.info.voices()
  if (format === undefined || voice === undefined) throw new Error('There is no voice to speak with.')
  const stream = await engine.open({ voice: voice.id, format }, context)
  const pieces: Int16Array[] = []
  stream.speak('I was charged twice for my last order, and I would like the money back.', {
    segmentId: 's',
    last: true,
  })
  for await (const event of stream.events) {
    if (event.type === 'audio') pieces.push(event.frame.samples.slice())
    if (event.type === 'error') throw event.error
    if (event.type === 'done') break
  }
  await stream.close()
  const resampler = await createResampler(format.sampleRateHz, 16_000)
  const made = pieces.flatMap((piece) => Array.from(resampler.push(piece)))
  resampler.close()
  return Int16Array.from(made.slice(0, Math.floor(made.length / 320) * 320))
}
