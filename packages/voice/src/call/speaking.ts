import {
  ParleyError,
  type AudioFrame,
  type ClearResult,
  type Clock,
  type Disposer,
  type OutputEvent,
} from '@parley/spec'
import { FRAME_MS } from '@parley/spec'
import type { HeardLedger } from '../ledger/heard-ledger.ts'
import type { TurnEvent, UtteranceRequest } from '../turn/turn-events.ts'
import type { MustHear, Speech, SpeechHandle, SpeechOutcome, SpeechPart } from './call-types.ts'
import { Utterance, type UtteranceParts } from './utterance.ts'

/** What speaking needs of the call. */
export interface SpeakingParts extends Omit<UtteranceParts, 'onSpeakable' | 'onDone'> {
  feed(event: TurnEvent): void
  /** The first sound of a segment is audible. */
  onStarted(spoken: Spoken, event: OutputEvent): void
  /** All of the text of an utterance is there. */
  onWritten(utterance: Utterance): void
  /** The position of an utterance moved. */
  onHeard(utteranceId: string): void
  /** Called when an utterance is over, before its handle settles. */
  onSettled(spoken: Spoken, outcome: SpeechOutcome): void
  /** How long an interrupted utterance may take to settle. */
  interruptTotalMs: number
}

/** An utterance and what the call knows of it. */
export interface Spoken {
  readonly utterance: Utterance
  readonly outcome: Promise<SpeechOutcome>
  /** The user turn it answers. */
  readonly turnId: string | undefined
  /** Ends what makes its text. */
  cancelGeneration: (() => void) | undefined
  /** Made before its turn: nothing of it plays until the turn takes it. */
  isForeseen: boolean
  /** A filler sounds: what it says comes after that. */
  isBehind: boolean
  isInterrupted: boolean
  isDropped: boolean
  /** Has the floor; its launch is held back. */
  isGranted: boolean
  isHeld: boolean
  epoch: number
  /** When its first sound could be heard. */
  audibleAtMs: number | undefined
}

/** All utterances of one call, from request to settlement. */
export class Speaking {
  readonly #parts: SpeakingParts
  readonly #spoken = new Map<string, Spoken & { settle: (outcome: SpeechOutcome) => void; stopForce: Disposer }>()
  readonly #disposers: Disposer[] = []

  constructor(parts: SpeakingParts) {
    this.#parts = parts
    if (parts.output !== undefined) this.#disposers.push(parts.output.on('*', (event) => this.#onOutput(event)))
  }

  get ledger(): HeardLedger {
    return this.#parts.ledger
  }

  get(utteranceId: string): Spoken | undefined {
    return this.#spoken.get(utteranceId)
  }

  /** Utterances that are not over. */
  get open(): Spoken[] {
    return [...this.#spoken.values()]
  }

  /** Resolves when what agents have said before a tool of theirs has been heard, or never will be. */
  async saidSoFar(): Promise<void> {
    await Promise.all(this.open.map(({ utterance }) => utterance.saidSoFar()))
  }

  /** Begins an utterance; it is spoken once the machine gives it the floor. */
  begin(
    request: UtteranceRequest & { mustHear?: 'uninterruptible' | 'resay' | undefined },
    {
      cancelGeneration,
      isWhole = false,
      isForeseen = false,
    }: { cancelGeneration?: () => void; isWhole?: boolean; isForeseen?: boolean } = {},
  ): Spoken {
    const { mustHear, ...given } = request
    const settled = Promise.withResolvers<SpeechOutcome>()
    const utterance = new Utterance(
      {
        ...this.#parts,
        onSpeakable: (made) => this.#parts.feed({ type: 'replyDelta', utteranceId: made.id, text: made.generatedText }),
        onDone: (made) => this.#done(made),
      },
      { id: request.utteranceId, kind: request.kind, agentId: request.agentId, mustHear, isWhole },
    )
    const spoken = {
      utterance,
      outcome: settled.promise,
      turnId: request.turnId,
      cancelGeneration,
      isForeseen,
      isBehind: false,
      isInterrupted: false,
      isDropped: false,
      isGranted: false,
      isHeld: false,
      epoch: 0,
      audibleAtMs: undefined,
      settle: settled.resolve,
      stopForce: () => {},
    }
    this.#spoken.set(utterance.id, spoken)
    this.#parts.feed({ type: 'replyStarted', ...given })
    return spoken
  }

  /** The turn it was made for takes it: it may play from now on. */
  adopt(utteranceId: string, cancelGeneration: () => void): Spoken | undefined {
    const spoken = this.#spoken.get(utteranceId)
    if (spoken === undefined) return undefined
    spoken.cancelGeneration = cancelGeneration
    this.#gate(utteranceId, { isForeseen: false })
    return spoken
  }

  /** No more text comes for it. */
  end(utteranceId: string): void {
    const spoken = this.#spoken.get(utteranceId)
    if (spoken === undefined) return
    spoken.utterance.end()
    this.#parts.onWritten(spoken.utterance)
    this.#parts.feed({ type: 'replyEnded', utteranceId, isEmpty: !spoken.utterance.isSpeakable })
  }

  /** Says parts of speech that are there already. */
  speak(utteranceId: string, speech: string | Speech): void {
    const spoken = this.#spoken.get(utteranceId)
    if (spoken === undefined) return
    const { utterance } = spoken
    for (const part of typeof speech === 'string' ? [speech] : speech) {
      if (typeof part === 'string') utterance.write(part)
      else if ('pauseMs' in part) utterance.play(silenceOf(part.pauseMs), '')
      else if ('audio' in part) utterance.play(framesOf(part.audio), part.text ?? '')
      else if (part.mustHear === undefined && part.spanId === undefined) utterance.write(part.text)
      else utterance.writeSpan(part.text, this.#spanOf(part))
    }
    this.end(utteranceId)
  }

  #spanOf({
    spanId,
    mustHear,
    fromWord,
  }: Extract<SpeechPart, { text: string; spanId?: string; mustHear?: MustHear }>): {
    spanId: string
    mustHear?: MustHear
    fromWord?: number
  } {
    return {
      spanId: spanId ?? this.#parts.ids.next('span'),
      ...(mustHear === undefined ? {} : { mustHear }),
      ...(fromWord === undefined ? {} : { fromWord }),
    }
  }

  /** @param refusal - why it cannot be waited for now, if it cannot */
  handleOf(utteranceId: string, interrupt: () => void, refusal?: () => ParleyError | undefined): SpeechHandle {
    const spoken = this.#spoken.get(utteranceId)
    const outcome = spoken?.outcome ?? Promise.resolve(neverSpoken)
    const utterance = spoken?.utterance
    const { clock } = this.#parts
    let final: SpeechOutcome | undefined
    void outcome.then((value) => (final = value))
    return {
      id: utteranceId,
      utteranceId,
      get state() {
        if (final !== undefined) return final.status
        return utterance?.hasStarted === true ? 'playing' : 'queued'
      },
      get heardText() {
        return final?.heardText ?? utterance?.heardText() ?? ''
      },
      interrupt,
      then(onFulfilled, onRejected) {
        const waited = final === undefined && refusal !== undefined ? unlessRefused(outcome, refusal, clock) : outcome
        return waited.then(onFulfilled, onRejected)
      },
    }
  }

  /** The machine gives it the floor. */
  launch(utteranceId: string): void {
    this.#gate(utteranceId, { isGranted: true, isHeld: false })
  }

  /** Its launch waits while the person speaks, or goes on. */
  hold(utteranceId: string, isHeld: boolean): void {
    this.#gate(utteranceId, { isHeld })
  }

  /** What it says from now on waits for a filler, or does not any more. */
  behind(utteranceId: string, isBehind: boolean): void {
    this.#gate(utteranceId, { isBehind })
  }

  #gate(
    utteranceId: string,
    change: { isGranted?: boolean; isHeld?: boolean; isForeseen?: boolean; isBehind?: boolean },
  ): void {
    const spoken = this.#spoken.get(utteranceId)
    if (spoken === undefined) return
    Object.assign(spoken, change)
    const { isGranted, isHeld, isForeseen, isBehind } = spoken
    if (isGranted && !isHeld && !isForeseen && !isBehind) spoken.utterance.open()
    else spoken.utterance.hold()
  }

  /** It will never be spoken. */
  drop(utteranceId: string): void {
    const spoken = this.#spoken.get(utteranceId)
    if (spoken === undefined) return
    spoken.isDropped = true
    spoken.cancelGeneration?.()
    spoken.utterance.cancel()
  }

  /** Cuts utterances in the order of B-1: far end and sound first, then what makes the text, then the books. */
  interrupt(
    utteranceIds: readonly string[],
    { clear, cancelGeneration }: { clear: boolean; cancelGeneration: boolean },
  ): ClearResult | undefined {
    const { output, clock, interruptTotalMs } = this.#parts
    const cut = utteranceIds.flatMap((id) => this.#spoken.get(id) ?? [])
    for (const spoken of cut) {
      spoken.isInterrupted = true
      spoken.utterance.cut()
    }
    const result = clear ? output?.clear() : undefined
    if (cancelGeneration) for (const spoken of cut) spoken.cancelGeneration?.()
    for (const spoken of cut) {
      spoken.utterance.cancel()
      if (!this.#spoken.has(spoken.utterance.id)) continue
      // The far end may never answer: then what is known by then counts.
      spoken.stopForce = clock.setTimer(interruptTotalMs, () => spoken.utterance.force())
    }
    return result
  }

  /** Ends everything; what was heard is settled. */
  close(): void {
    for (const { utterance } of this.open) {
      utterance.cancel()
      utterance.force()
    }
    for (const dispose of this.#disposers) dispose()
    this.#disposers.length = 0
  }

  #isProtected(segmentId: string): boolean {
    return this.#parts.ledger.mustHearOf(segmentId) === 'uninterruptible'
  }

  #onOutput(event: OutputEvent): void {
    const spoken = this.#spoken.get(event.utteranceId)
    if (spoken === undefined) return
    const { ledger, feed } = this.#parts
    const { segmentId, utteranceId, positionMs, epoch, confidence } = event
    switch (event.type) {
      case 'started':
        spoken.epoch = epoch
        spoken.audibleAtMs ??= event.atMs
        ledger.played(segmentId, positionMs, confidence, event.atMs)
        this.#parts.onStarted(spoken, event)
        // For this part only: what surrounds it can be cut.
        if (this.#isProtected(segmentId)) feed({ type: 'command', command: { kind: 'protect', utteranceId, on: true } })
        return feed({ type: 'playoutStarted', epoch, utteranceId, segmentId, positionMs })
      case 'progress':
        ledger.played(segmentId, positionMs, confidence, event.atMs)
        this.#parts.onHeard(utteranceId)
        return feed({ type: 'playoutProgress', epoch, utteranceId, segmentId, positionMs })
      case 'finished':
        ledger.played(segmentId, positionMs, confidence)
        ledger.finished(segmentId, { interrupted: event.interrupted === true, stalled: event.stalled === true })
        if (event.stalled === true) feed({ type: 'outputStalled', utteranceId, segmentId })
        if (this.#isProtected(segmentId) && spoken.utterance.mustHear !== 'uninterruptible')
          feed({ type: 'command', command: { kind: 'protect', utteranceId, on: false } })
        return spoken.utterance.onOutput(event)
      case 'cleared':
        return
    }
  }

  #done(utterance: Utterance): void {
    const spoken = this.#spoken.get(utterance.id)
    if (spoken === undefined) return
    this.#spoken.delete(utterance.id)
    spoken.stopForce()
    const { ledger } = this.#parts
    const status = statusOf(spoken)
    ledger.settle(utterance.id, status)
    const outcome: SpeechOutcome = {
      status,
      heardText: utterance.heardText(),
      generatedText: utterance.generatedText,
      spans: ledger.spans(utterance.id),
      ...(utterance.failure === undefined ? {} : { error: utterance.failure }),
    }
    this.#parts.onSettled(spoken, outcome)
    spoken.settle(outcome)
    if (spoken.isInterrupted || spoken.isDropped) return
    if (utterance.failure !== undefined && !utterance.hasStarted) {
      this.#parts.feed({ type: 'replyFailed', utteranceId: utterance.id })
    } else if (utterance.isSpeakable) {
      this.#parts.feed({
        type: 'playoutFinished',
        epoch: spoken.epoch,
        utteranceId: utterance.id,
        segmentId: '',
        positionMs: 0,
        interrupted: false,
      })
    }
  }
}

function statusOf({ utterance, isInterrupted, isDropped }: Spoken): SpeechOutcome['status'] {
  if (isDropped) return 'dropped'
  if (isInterrupted) return 'interrupted'
  if (utterance.failure !== undefined) return 'failed'
  return utterance.isCut ? 'interrupted' : 'done'
}

/** How long after the wait began a tool that waits may come to be known as one, in milliseconds. */
const LOOK_AGAIN_MS = 20

/** An outcome, or why it cannot be waited for. A tool may wait before the call has heard that it runs: so it looks twice. */
function unlessRefused(
  outcome: Promise<SpeechOutcome>,
  refusal: () => ParleyError | undefined,
  clock: Clock,
): Promise<SpeechOutcome> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const refused = refusal()
      if (refused !== undefined) reject(refused)
    }
    look()
    const stop = clock.setTimer(LOOK_AGAIN_MS, look)
    void outcome.then((value) => {
      stop()
      resolve(value)
    })
  })
}

const neverSpoken: SpeechOutcome = { status: 'dropped', heardText: '', generatedText: '', spans: {} }

/** Quiet of a length. */
function silenceOf(ms: number): AudioFrame[] {
  if (!(Number.isFinite(ms) && ms >= 0 && ms <= 60_000)) {
    throw new ParleyError({
      code: 'invalid_options',
      message: 'pauseMs is a number of milliseconds from 0 to 60 000.',
      details: { path: 'pauseMs', expected: '0 to 60000' },
    })
  }
  return framesOf({ samples: new Int16Array(Math.round(ms) * 16), sampleRateHz: 16_000, channels: 1 })
}

function framesOf({
  samples,
  sampleRateHz,
  channels,
}: { samples: Int16Array } & Pick<AudioFrame, 'sampleRateHz' | 'channels'>): AudioFrame[] {
  const length = (sampleRateHz / 1_000) * FRAME_MS * channels
  const frames: AudioFrame[] = []
  for (let at = 0; at < samples.length; at += length)
    frames.push({ samples: samples.subarray(at, at + length), sampleRateHz, channels, position: at / channels })
  return frames
}
