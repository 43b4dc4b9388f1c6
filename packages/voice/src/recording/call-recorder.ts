import { ParleyError, checkOptions, sampleRates } from '@parley/spec'
import type { AudioFrame, Clock, Disposer } from '@parley/spec'
import { createMaskList, type RecordingSide } from './mask-list.ts'
import { createPlacement } from './placement.ts'
import { defaultRecordingOptions, recordingOptionKeys, type RecordingOptions } from './recording-options.ts'
import type { RecordingReceipt } from './recording-receipt.ts'
import { createRecordingWriter, type RecordingWriter } from './recording-writer.ts'
import { createSideInput } from './side-input.ts'
import { createTimeline } from './timeline.ts'

/** Where a recording stands. */
export type RecordingState = 'off' | 'asking' | 'on' | 'paused' | 'refused' | 'done'

/** What is recorded of one call, and for whom. */
export interface CallRecorderOptions extends RecordingOptions {
  clock: Clock
  /** First instant of the call, on its clock. */
  startedAtMs: number
  /** Name of the files, without ending: the call's id. */
  name: string
  /** Ids of who is heard. */
  who?: readonly string[]
  onState?(state: RecordingState): void
  /** What the sink refused; the recording is over then. */
  onError?(error: unknown): void
}

/** Records one call: the caller as they came in, the agent as it was heard. */
export interface CallRecorder {
  readonly state: RecordingState
  /** `atMs`: instant of the frame's first sample, on the call's clock. */
  caller(frame: AudioFrame, atMs: number): void
  /** What the person's end plays; `atMs` is the instant its first sample is audible there, which may be to come. */
  agent(frame: AudioFrame, at: { atMs: number }): void
  /** What the person's end would have played from `fromMs` on was never heard. */
  cleared(fromMs: number): void
  /** Silences a stretch before it is kept. @returns ends an open one */
  mask(side: RecordingSide, fromMs: number, toMs?: number): (toMs: number) => void
  pause(): void
  resume(): void
  /** The question was heard: an answer is awaited from now. */
  asked(): void
  /** The person's answer. Agreement can be taken back, which removes everything; refusal is final. */
  consent(granted: boolean): void
  /** Ends it; `null` if nothing was kept. Idempotent. */
  finish(): Promise<RecordingReceipt | null>
}

/** Audio is handed on in pieces of this length. */
const BLOCK_MS = 500
/** How far ahead of now the far end's sound may lie. */
const AHEAD_MS = 3_000
/** How far arrival may jitter before a stream is set anew at once. */
const JITTER_MS = 200

/**
 * Makes the recorder of a call.
 * @throws {ParleyError} `invalid_options`, also for a mode other than `off` without a sink
 */
export function createCallRecorder({
  clock,
  startedAtMs,
  name,
  who = [],
  onState = () => {},
  onError = () => {},
  ...given
}: CallRecorderOptions): CallRecorder {
  checkOptions('recording', given, recordingOptionKeys)
  const { sink, ...options } = { ...defaultRecordingOptions, ...given }
  const { mode, layout, sampleRateHz, holdbackMs } = options
  checkChoice('mode', mode, ['off', 'on', 'consent'])
  checkChoice('layout', layout, ['mixed', 'stereo', 'tracks'])
  checkChoice('format', options.format, ['wav'])
  checkChoice('sampleRateHz', sampleRateHz, sampleRates)
  if (mode !== 'off' && sink === undefined) {
    throw new ParleyError({
      code: 'invalid_options',
      message: `Recording mode "${mode}" needs a sink. Give one, or set the mode to "off".`,
      details: { path: 'sink', expected: 'RecordingSink' },
    })
  }

  const samplesOf = (ms: number): number => Math.round((ms * sampleRateHz) / 1_000)
  const positionOf = (atMs: number): number => samplesOf(atMs - startedAtMs)
  const block = samplesOf(BLOCK_MS)
  const capacity = mode === 'off' ? 0 : samplesOf(holdbackMs + BLOCK_MS + AHEAD_MS)
  const fade = samplesOf(10)
  const sides = { caller: createTimeline(capacity), agent: createTimeline(capacity) }
  const masks = createMaskList()
  /** Blocks that wait for consent. */
  let held: { caller: Int16Array; agent: Int16Array }[] = []
  let heldSamples = 0
  let writer: RecordingWriter | undefined
  let state: RecordingState = 'off'
  let isConsented = false
  let endPause: ((toMs: number) => void) | undefined
  let stopTimer: Disposer = () => {}
  let firstPosition = 0
  let maskedSamples = 0
  let finished: Promise<RecordingReceipt | null> | undefined

  const enter = (next: RecordingState): void => {
    if (state === next) return
    state = next
    onState(next)
  }
  const fail = (error: unknown): void => {
    onError(error)
    stopTimer()
    enter('done')
  }
  const isTaking = (): boolean => state === 'asking' || state === 'on' || state === 'paused'

  const keep = (caller: Int16Array, agent: Int16Array): void => {
    if (writer !== undefined) return writer.write(caller, agent)
    held.push({ caller, agent })
    heldSamples += caller.length
    while (heldSamples > samplesOf(options.consentHoldMs)) {
      const length = held.shift()?.caller.length ?? 0
      heldSamples -= length
      firstPosition += length
    }
  }
  /** Hands on everything before a position, with masks applied. */
  const flushTo = (to: number): void => {
    while (sides.caller.start < to) {
      const from = sides.caller.start
      const until = Math.min(to, from + block)
      const taken = { caller: new Int16Array(until - from), agent: new Int16Array(until - from) }
      for (const side of ['caller', 'agent'] as const) {
        masks.each(side, from, until, (first, last) => sides[side].silence(first, last, 0))
        let at = 0
        sides[side].take(until, (part) => {
          taken[side].set(part, at)
          at += part.length
        })
      }
      maskedSamples += masks.covered(from, until)
      keep(taken.caller, taken.agent)
    }
    masks.forget(sides.caller.start)
  }
  const flushDue = (): void => {
    const due = positionOf(clock.monotonicMs() - holdbackMs)
    if (due - sides.caller.start >= block)
      flushTo(sides.caller.start + Math.floor((due - sides.caller.start) / block) * block)
  }
  const makeRoom = (end: number): void => {
    if (end - capacity > sides.caller.start) flushTo(end - capacity)
  }
  const inputs = {
    // Arrival jitters: a difference has to last half a second, or be large, to be one of place.
    caller: createSideInput(
      { timeline: sides.caller, placement: createPlacement(samplesOf(20), 25, samplesOf(JITTER_MS)), sampleRateHz },
      { makeRoom, onError },
    ),
    agent: createSideInput(
      { timeline: sides.agent, placement: createPlacement(samplesOf(20), 0, Infinity), sampleRateHz },
      { makeRoom, onError },
    ),
  }
  const start = (): void => {
    // The mode is not `off`, so there is a sink: checked above.
    writer = createRecordingWriter({ sink: sink!, name, layout, sampleRateHz, onError: fail })
    for (const { caller, agent } of held) writer.write(caller, agent)
    held = []
    enter(endPause === undefined ? 'on' : 'paused')
  }
  const refuse = (): void => {
    stopTimer()
    held = []
    writer?.discard().catch(onError)
    writer = undefined
    for (const input of Object.values(inputs)) input.close()
    enter('refused')
  }
  let silence = new Int16Array(0)
  /** What is masked by the time it came is silenced at once, since jitter may place it outside of the mask. */
  const withoutSecrets = (side: 'caller' | 'agent', frame: AudioFrame, atMs: number): AudioFrame => {
    const from = positionOf(atMs)
    let isMasked = false
    masks.each(
      side,
      from,
      from + samplesOf((frame.samples.length / frame.channels / frame.sampleRateHz) * 1_000),
      () => {
        isMasked = true
      },
    )
    if (!isMasked) return frame
    if (silence.length !== frame.samples.length) silence = new Int16Array(frame.samples.length)
    return { ...frame, samples: silence }
  }
  const mask = (side: RecordingSide, fromMs: number, toMs: number = Infinity): ((toMs: number) => void) => {
    // What has come already lies where jitter has put it: a mask for it reaches further, on the side of silence.
    const nowMs = clock.monotonicMs()
    const from = positionOf(fromMs < nowMs ? fromMs - JITTER_MS : fromMs)
    const added = masks.add({
      side,
      from,
      to: toMs === Infinity ? toMs : positionOf(toMs < nowMs ? Math.min(nowMs, toMs + JITTER_MS) : toMs),
    })
    return (endMs) => {
      added.to = Math.min(added.to, positionOf(endMs))
    }
  }
  const end = async (): Promise<RecordingReceipt | null> => {
    stopTimer()
    if (state === 'asking') refuse()
    if (writer === undefined || state === 'done') return null
    const endPosition = Math.max(positionOf(clock.monotonicMs()), sides.caller.start)
    makeRoom(endPosition)
    flushTo(endPosition)
    for (const input of Object.values(inputs)) input.close()
    enter('done')
    try {
      const files = await writer.finish()
      const [first] = files
      return {
        who,
        startedAt: clock.now() - (clock.monotonicMs() - startedAtMs) + (firstPosition * 1_000) / sampleRateHz,
        durationMs: Math.floor(((endPosition - firstPosition) * 1_000) / sampleRateHz),
        layout,
        files,
        hash: first?.hash ?? '',
        where: first?.where ?? '',
        consent: isConsented ? 'given' : 'notAsked',
        maskedMs: Math.floor((maskedSamples * 1_000) / sampleRateHz),
        lostMs: Math.floor((writer.lostSamples * 1_000) / sampleRateHz),
      }
    } catch (error) {
      onError(error)
      return null
    }
  }

  if (mode === 'on') start()
  else if (mode === 'consent') enter('asking')

  return Object.freeze({
    get state() {
      return state
    },
    caller(frame: AudioFrame, atMs: number) {
      if (!isTaking()) return
      flushDue()
      inputs.caller.push(withoutSecrets('caller', frame, atMs), atMs - startedAtMs)
    },
    agent(frame: AudioFrame, { atMs }: { atMs: number }) {
      if (!isTaking()) return
      flushDue()
      inputs.agent.push(withoutSecrets('agent', frame, atMs), atMs - startedAtMs)
    },
    cleared(fromMs: number) {
      if (!isTaking()) return
      inputs.agent.cut()
      sides.agent.silence(positionOf(fromMs), Infinity, fade)
    },
    mask,
    pause() {
      if (!isTaking() || endPause !== undefined) return
      endPause = mask('both', clock.monotonicMs())
      if (state === 'on') enter('paused')
    },
    resume() {
      endPause?.(clock.monotonicMs())
      endPause = undefined
      if (state === 'paused') enter('on')
    },
    asked() {
      if (state !== 'asking') return
      stopTimer()
      stopTimer = clock.setTimer(options.consentTimeoutMs, refuse)
    },
    consent(granted: boolean) {
      if (!granted && isTaking()) return refuse()
      if (!granted || state !== 'asking') return
      stopTimer()
      isConsented = true
      start()
    },
    finish: () => (finished ??= end()),
  })
}

function checkChoice<T extends string | number>(path: string, value: T, choices: readonly T[]): void {
  if (choices.includes(value)) return
  throw new ParleyError({
    code: 'invalid_options',
    message: `Option "${path}" of recording has to be one of ${choices.join(', ')}.`,
    details: { path, expected: [...choices] },
  })
}
