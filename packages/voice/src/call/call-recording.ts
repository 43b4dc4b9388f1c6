import type { AudioFrame, Json } from '@parley/spec'
import { createCallRecorder, type CallRecorder, type RecordingState } from '../recording/call-recorder.ts'
import type { RecordingOptions } from '../recording/recording-options.ts'
import { hookPayload, hookScope, noteReceipt, type CallCore } from './call-core.ts'
import type { SayOptions, Speech, SpeechHandle } from './call-types.ts'

/** The recording of a call, from the question to the receipt. */
export interface CallRecording {
  readonly state: RecordingState
  /** What was heard of the person; `atMs` is the instant of the last sample. */
  caller(frame: AudioFrame, atMs: number): void
  agent(frame: AudioFrame, audibleAtMs: number): void
  /** Nothing that was to be audible from now on was heard. */
  cleared(): void
  /** A sensitive value is being given. */
  mask(isSensitive: boolean, atMs: number): void
  consent(granted: boolean): void
  /** A finished turn; whether it answered the question, and is no turn for the agent. */
  answer(text: string): boolean
  pause(): void
  resume(): void
  finish(): Promise<void>
}

/** A key is told before its tone is over: what sounds so long after the last one is masked as well. */
const KEY_TAIL_MS = 400

const agreed = /^(yes|yeah|yep|sure|ok|okay|fine|all right|alright|of course|go ahead)\b/i
const refused = /^(no|nope|nah|please don.?t|don.?t|do not|rather not)\b/i

/** Starts the recording of a call; undefined where calls are not recorded. */
export function createCallRecording(
  core: () => CallCore,
  options: RecordingOptions & { question?: string },
  given: boolean | undefined,
  say: (text: string | Speech, options: SayOptions) => SpeechHandle,
): CallRecording | undefined {
  const { question = 'This call is recorded. Is that all right?', ...recording } = options
  if (recording.mode === undefined || recording.mode === 'off') return undefined
  const { parts, startedMs } = core()
  const { access, endpoint, id, participantId, roomId } = parts
  let isRecorded = false
  let unmask: ((toMs: number) => void) | undefined
  let asking: string | undefined

  const onState = (state: RecordingState): void => {
    endpoint.show?.({ type: 'recording', state })
    core().emitter.emit({ type: 'recording', state })
    access.fire('onRecording', { ...hookPayload(core()), state }, hookScope(core()))
    if (state === 'on' && !isRecorded) {
      isRecorded = true
      record('recordingStarted', 'recording_started', 'The call is recorded from here.', {})
    }
  }
  const record = (
    type: 'recordingStarted' | 'recordingStopped',
    code: string,
    text: string,
    data: { [key: string]: Json },
  ): void =>
    access.background(
      'recording',
      () => access.record(roomId, { type, content: { type: 'system', code, text, data: { callId: id, ...data } } }),
      roomId,
    )

  const recorder: CallRecorder = createCallRecorder({
    ...recording,
    clock: access.clock,
    startedAtMs: startedMs,
    name: id,
    who: [participantId],
    onState,
    onError: (error) => access.reportError(error, 'recording', roomId),
  })
  if (recording.mode === 'consent') {
    if (given !== undefined) recorder.consent(given)
    else {
      const asked = say(question, { kind: 'say', mustHear: 'resay', commit: false, priority: 10 })
      asking = asked.utteranceId
      void asked.then(() => recorder.asked())
    }
  }

  return {
    get state() {
      return recorder.state
    },
    caller(frame, atMs) {
      recorder.caller(frame, atMs - (frame.samples.length / frame.channels / frame.sampleRateHz) * 1_000)
    },
    agent: (frame, atMs) => recorder.agent(frame, { atMs }),
    cleared: () => recorder.cleared(access.clock.monotonicMs()),
    mask(isSensitive, atMs) {
      unmask?.(atMs + KEY_TAIL_MS)
      unmask = isSensitive ? recorder.mask('both', atMs) : undefined
    },
    consent: (granted) => recorder.consent(granted),
    answer(text) {
      if (recorder.state !== 'asking') return false
      const said = text.trim()
      if (!agreed.test(said) && !refused.test(said)) return false
      recorder.consent(agreed.test(said))
      // Who has answered is not asked again, however much of the question they let be said.
      if (asking !== undefined) core().mustHear.withdraw(asking)
      return true
    },
    pause: () => recorder.pause(),
    resume: () => recorder.resume(),
    async finish() {
      const receipt = await recorder.finish()
      if (receipt === null) return
      // A receipt is plain data.
      const data = JSON.parse(JSON.stringify(receipt)) as { [key: string]: Json }
      noteReceipt(core(), 'recording', data)
      record('recordingStopped', 'recording_stopped', 'The recording is kept.', {
        durationMs: receipt.durationMs,
        where: receipt.where,
      })
    },
  }
}
