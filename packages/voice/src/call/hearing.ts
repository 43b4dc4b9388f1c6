import { createResampler, MAX_FRAME_BYTES, type Resampler } from '@parley/audio'
import {
  ParleyError,
  toParleyError,
  type AudioFrame,
  type Clock,
  type Disposer,
  type SpeechContext,
  type SpeechToText,
  type SttEvent,
  type SttStream,
  type TurnHint,
  type VadResult,
  type VadStream,
  type VoiceActivityDetector,
} from '@parley/spec'
import type { TurnEvent } from '../turn/turn-events.ts'
import { createFrameClock, type FrameClock } from './frame-clock.ts'
import { longFrame, wrongFrame } from './frame-errors.ts'
import { createVadGate, type VadGate, type VadGateOptions } from './vad-gate.ts'
import type { SharedVad } from './shared-vad.ts'
import { createWithheldSound, type WithheldSound } from './withheld-sound.ts'

/** What everything of a call hears at: detection and recognition are made for it. */
export const HEARING_RATE = 16_000

const SAMPLES_PER_MS = HEARING_RATE / 1_000

/**
 * While the recognizer is not to hear the person, this much waits to be quiet, and is given as it was when it may hear
 * again: that the agent has been heard to the end is known a way back later, and an answer begins meanwhile (TM-10).
 */
const WITHHELD_MS = 200

/** No frame for this long while the person speaks: the speech is over (O-9). */
const NO_FRAMES_MS = 1_000

/** A stage that fails again is started anew no more often than this. */
const RESTART_EVERY_MS = 10_000

/** Detection that is given audio for this long and says nothing hangs (TM-13). */
const VAD_SILENT_MS = 10_000

/** What hearing needs of the call. */
export interface HearingParts {
  clock: Clock
  context: SpeechContext
  vad: VoiceActivityDetector | undefined
  vadOptions: VadGateOptions
  /** Streaming: a batch recognizer is wrapped by then. */
  stt: SpeechToText | undefined
  /** Feeds a wrapped batch recognizer with the call's own detection. */
  sharedVad: SharedVad | undefined
  language: string | undefined
  keyTerms: readonly string[]
  feed(event: TurnEvent): void
  /** Each frame as it is heard, at 16 kHz, after all stages. */
  onHeard(frame: AudioFrame, atMs: number): void
  /** Stages before detection and recognition: gain, noise, echo (C-16). */
  process(frame: AudioFrame): AudioFrame
  /** Text of the person; `false`: it is not theirs, and counts for nothing. */
  onTranscript(event: Extract<SttEvent, { type: 'interim' | 'final' }>): boolean
  onStageFailed(stage: 'media' | 'vad' | 'stt', error: ParleyError): void
  /** The recognizer has heard so much more. */
  onUsage(audioMs: number): void
  /** What the recognizer is to hear of a frame: keys are none of its business. */
  forRecognizer(frame: AudioFrame): AudioFrame
}

/** A person's sound on its way to the turn machine: detection, recognition, and the quiet that is put in their place. */
export class Hearing {
  readonly #parts: HearingParts
  readonly #gate: VadGate
  #vad: VadStream | undefined
  #stt: SttStream | undefined
  #resampler: Resampler | undefined
  #inputRate = 0
  #isGated = false
  readonly #withheld: WithheldSound = createWithheldSound(WITHHELD_MS * SAMPLES_PER_MS)
  #isMuted = false
  #isHeld = false
  #isClosed = false
  #position = 0
  readonly #frameClock: FrameClock = createFrameClock()
  readonly #restarts = {
    vad: { atMs: Number.NEGATIVE_INFINITY, isDue: false, stop: (): void => {} },
    stt: { atMs: Number.NEGATIVE_INFINITY, isDue: false, stop: (): void => {} },
  }
  /** Streams of the recognizer opened so far. */
  #streams = 0
  /** Frames of another format than agreed, or too long, since the call began. */
  #refusedFrames = 0
  /** Audio since the last result of detection. */
  #unjudgedMs = 0
  #language: string | undefined
  #hint: TurnHint | undefined
  #keyTerms: readonly string[]
  #stopNoFrames: Disposer = () => {}

  constructor(parts: HearingParts) {
    this.#parts = parts
    this.#gate = createVadGate(parts.vadOptions)
    this.#language = parts.language
    this.#keyTerms = parts.keyTerms
  }

  /** Makes everything ready for audio of a rate. @throws {ParleyError} of the engines */
  async start(inputRate: AudioFrame['sampleRateHz']): Promise<void> {
    this.#inputRate = inputRate
    if (inputRate !== HEARING_RATE) this.#resampler = await createResampler(inputRate, HEARING_RATE)
    this.#openVad()
    await this.#openStt()
  }

  /** Whether the person is heard speaking. */
  get isSpeaking(): boolean {
    return this.#gate.isSpeaking
  }

  /** A frame of the person; `arrivedAtMs` is when it came. */
  push(given: AudioFrame, arrivedAtMs: number): void {
    if (this.#isClosed || this.#isRefused(given)) return
    // What is not listened to passes as well.
    const atMs = this.#frameClock.at((given.samples.length / given.sampleRateHz) * 1_000, arrivedAtMs)
    if (this.#isMuted) return
    const samples = this.#resampler?.push(given.samples) ?? given.samples
    if (samples.length === 0) return
    const frame = this.#parts.process({
      samples,
      sampleRateHz: HEARING_RATE,
      channels: 1,
      position: this.#position,
    })
    this.#position += frame.samples.length
    this.#parts.onHeard(frame, atMs)
    if (this.#isHeld) return
    this.#parts.sharedVad?.at(atMs)
    // The recognizer has the audio before the detector says what it is: a segment may end with this frame.
    const words = this.#parts.forRecognizer(frame)
    const ms = (frame.samples.length / HEARING_RATE) * 1_000
    this.#recognize(words)
    this.#watchVad(ms)
    this.#detect(frame, atMs)
    this.#watchFrames()
  }

  #recognize(frame: AudioFrame): void {
    const stream = this.#stt
    if (stream === undefined) return
    try {
      if (this.#isGated) this.#silence(stream, this.#withheld.add(frame.samples))
      else stream.push(frame)
    } catch (error) {
      this.#brokeAtFrame(stream, error)
    }
  }

  #silence(stream: SttStream, samples: number): void {
    if (samples > 0) stream.silence(samples / SAMPLES_PER_MS)
  }

  #brokeAtFrame(stream: SttStream, error: unknown): void {
    this.#stt = undefined
    this.#closeQuietly(stream)
    this.#sttFailed(brokeOff(error, 'voice_stt_failed', 'The recognizer broke off at a frame.'))
  }

  #detect(frame: AudioFrame, atMs: number): void {
    const stream = this.#vad
    if (stream === undefined) return
    try {
      stream.push(frame, atMs)
    } catch (error) {
      this.#vad = undefined
      this.#closeQuietly(stream)
      this.#vadFailed(brokeOff(error, 'voice_vad_failed', 'Speech detection broke off at a frame.'))
    }
  }

  /** What broke may break at closing too: that is known, and nobody waits for it. */
  #closeQuietly(stream: { close(): Promise<void> }): void {
    stream.close().catch(() => this.#parts.context.telemetry.count('voice.closeErrors'))
  }

  /** A line that sends what was not agreed is told so once: its frames are left out, and the call goes on. */
  #isRefused(frame: AudioFrame): boolean {
    const { sampleRateHz, channels, samples } = frame
    const isTooLong = samples.byteLength > MAX_FRAME_BYTES
    if (sampleRateHz === this.#inputRate && channels === 1 && !isTooLong) return false
    this.#refusedFrames += 1
    if (this.#refusedFrames === 1) {
      this.#parts.onStageFailed(
        'media',
        isTooLong ? longFrame(frame, MAX_FRAME_BYTES) : wrongFrame(frame, this.#inputRate),
      )
    }
    return true
  }

  /** While on, the recognizer hears quiet in place of the person. */
  setGated(isGated: boolean): void {
    if (isGated === this.#isGated) return
    this.#isGated = isGated
    if (isGated) return
    let position = this.#position - this.#withheld.length
    // Whether or not somebody is there to hear it: it is no part of a later wait.
    const withheld = this.#withheld.take()
    const stream = this.#stt
    if (stream === undefined) return
    try {
      for (const samples of withheld) {
        stream.push({ samples, sampleRateHz: HEARING_RATE, channels: 1, position })
        position += samples.length
      }
    } catch (error) {
      this.#brokeAtFrame(stream, error)
    }
  }

  /** A muted person says nothing; what was open ends. */
  setMuted(isMuted: boolean): void {
    this.#isMuted = isMuted
    if (isMuted) this.#end()
  }

  /** A held person drives nothing. */
  setHeld(isHeld: boolean): void {
    this.#isHeld = isHeld
    if (isHeld) this.#end()
  }

  silence(ms: number): void {
    this.#discardWithheld()
    this.#stt?.silence(ms)
  }

  finalize(): void {
    this.#discardWithheld()
    this.#stt?.finalize()
  }

  /** What the person is expected to say, in which language. Unsupported changes reopen the recognizer. */
  async expect(change: { language?: string; hint?: TurnHint; keyTerms?: readonly string[] }): Promise<void> {
    if (change.language !== undefined) this.#language = change.language
    if (change.keyTerms !== undefined) this.#keyTerms = change.keyTerms
    if (change.hint !== undefined) this.#hint = change.hint
    const stream = this.#stt
    if (stream === undefined || this.#isClosed) return
    const { hint, ...rest } = change
    const answer = await stream.update({ ...rest, ...(hint === undefined ? {} : { hints: hint }) })
    if (answer === 'reopen') await this.#reopenStt(stream)
  }

  /** Starts a stage anew: at once, but one that fails again and again only every 10 s. */
  restart(stage: 'vad' | 'stt'): void {
    if (this.#isClosed || this.#restarts[stage].isDue) return
    const { clock } = this.#parts
    const restart = this.#restarts[stage]
    const waitMs = Math.max(0, restart.atMs + RESTART_EVERY_MS - clock.monotonicMs())
    restart.isDue = true
    restart.stop = clock.setTimer(waitMs, () => {
      restart.isDue = false
      restart.atMs = clock.monotonicMs()
      void this.#restart(stage)
    })
  }

  async #restart(stage: 'vad' | 'stt'): Promise<void> {
    try {
      if (stage === 'stt') return await this.#reopenStt(this.#stt)
      const old = this.#vad
      this.#vad = undefined
      this.#gate.reset()
      if (old !== undefined) this.#closeQuietly(old)
      this.#openVad()
    } catch (error) {
      if (this.#isClosed) return
      if (stage === 'stt')
        return this.#sttFailed(brokeOff(error, 'voice_stt_failed', 'The recognizer could not be opened again.'))
      this.#vadFailed(brokeOff(error, 'voice_vad_failed', 'Speech detection could not be opened again.'))
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#stopNoFrames()
    for (const { stop } of Object.values(this.#restarts)) stop()
    this.#resampler?.close()
    await Promise.allSettled([this.#vad?.close(), this.#stt?.close()])
    this.#vad = undefined
    this.#stt = undefined
  }

  #openVad(): void {
    const { vad } = this.#parts
    if (vad === undefined) return
    this.#vad = vad.create({
      sampleRateHz: HEARING_RATE,
      onResult: (result) => this.#onVad(result),
      onError: (error) => this.#vadFailed(error),
    })
  }

  /** A detector that takes audio and gives no result has to be started anew. */
  #watchVad(ms: number): void {
    if (this.#vad === undefined) return
    this.#unjudgedMs += ms
    if (this.#unjudgedMs < VAD_SILENT_MS) return
    this.#unjudgedMs = 0
    this.#parts.feed({ type: 'vadFailed' })
  }

  #onVad(result: VadResult): void {
    this.#unjudgedMs = 0
    if (this.#isClosed || this.#isMuted || this.#isHeld) return
    this.#parts.sharedVad?.tell(result)
    const event = this.#gate.push(result)
    if (event !== undefined) this.#feedGate(event)
  }

  #feedGate(event: NonNullable<ReturnType<VadGate['push']>>): void {
    if (event.type === 'vadStart') {
      const { speechStartedAtMs, probability } = event
      return this.#parts.feed({ type: 'vadStart', speechStartedAtMs, probability })
    }
    const { lastVoicedAtMs, probability } = event
    this.#parts.feed({ type: 'vadEnd', lastVoicedAtMs, probability })
  }

  #end(): void {
    const event = this.#gate.force()
    if (event !== undefined) this.#feedGate(event)
    this.finalize()
  }

  /** What an utterance ends with was not to be heard. */
  #discardWithheld(): void {
    const samples = this.#withheld.drop()
    if (this.#stt !== undefined) this.#silence(this.#stt, samples)
  }

  /** Media that stops in mid-word must not keep a turn open. */
  #watchFrames(): void {
    this.#stopNoFrames()
    if (!this.#gate.isSpeaking) return
    this.#stopNoFrames = this.#parts.clock.setTimer(NO_FRAMES_MS, () => this.#end())
  }

  async #openStt(): Promise<void> {
    const { stt, context } = this.#parts
    if (stt === undefined) return
    const stream = await stt.open(
      {
        format: { encoding: 'pcm16', sampleRateHz: HEARING_RATE, channels: 1 },
        interim: true,
        keyTerms: this.#keyTerms,
        ...(this.#language === undefined ? {} : { language: this.#language }),
        ...(this.#hint === undefined ? {} : { hints: this.#hint }),
      },
      context,
    )
    if (this.#isClosed) return stream.close()
    this.#stt = stream
    void this.#read(stream, ++this.#streams)
  }

  async #reopenStt(old: SttStream | undefined): Promise<void> {
    if (this.#stt === old) this.#stt = undefined
    if (old !== undefined) this.#closeQuietly(old)
    if (this.#isClosed || this.#stt !== undefined) return
    await this.#openStt()
  }

  async #read(stream: SttStream, number: number): Promise<void> {
    try {
      for await (const event of stream.events) {
        if (this.#stt !== stream) return
        // A stream opened anew may count its texts from the start again: they are other texts.
        this.#onStt('id' in event && number > 1 ? { ...event, id: `${number}:${event.id}` } : event)
      }
      if (this.#stt === stream && !this.#isClosed) this.#sttFailed(sttEnded())
    } catch (error) {
      if (this.#stt === stream && !this.#isClosed)
        this.#sttFailed(brokeOff(error, 'voice_stt_failed', 'The recognizer broke off.'))
    }
  }

  #onStt(event: SttEvent): void {
    const { feed, clock, onTranscript } = this.#parts
    switch (event.type) {
      case 'interim':
      case 'final': {
        if (!onTranscript(event)) return
        const { id, text, confidence, language, words, eager } = event
        const last = words?.at(-1)
        const first = words?.[0]
        const now = clock.monotonicMs()
        return feed({
          type: event.type === 'interim' ? 'sttInterim' : eager === true ? 'sttEager' : 'sttFinal',
          id,
          text,
          ...(last === undefined ? {} : { lastWordEndMs: Math.min(last.endMs, now) }),
          ...(first === undefined ? {} : { startMs: Math.min(first.startMs, now) }),
          ...(confidence === undefined ? {} : { confidence }),
          ...(language === undefined ? {} : { language }),
        })
      }
      case 'speechEnd':
        return feed({ type: 'sttSpeechEnd', ...(event.atMs === undefined ? {} : { atMs: event.atMs }) })
      case 'speechResumed':
        return feed({ type: 'sttResumed' })
      case 'error':
        return this.#sttFailed(event.error)
      case 'usage':
        return this.#parts.onUsage(event.audioMs)
      case 'speechStart':
        return
    }
  }

  #vadFailed(error: ParleyError): void {
    this.#parts.onStageFailed('vad', error)
    this.#parts.feed({ type: 'vadFailed' })
  }

  #sttFailed(error: ParleyError): void {
    this.#parts.onStageFailed('stt', error)
    this.#parts.feed({ type: 'sttFailed' })
  }
}

function brokeOff(error: unknown, code: 'voice_stt_failed' | 'voice_vad_failed', what: string): ParleyError {
  return toParleyError(error, { code, message: `${what} Its error is the cause.` })
}

function sttEnded(): ParleyError {
  return new ParleyError({ code: 'voice_stt_failed', message: 'The recognizer ended while the call went on.' })
}
