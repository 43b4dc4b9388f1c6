import { ParleyError, type AnswerResult, type Disposer, type Json, type PendingRequest } from '@parley/spec'
import type { Collected } from '../dtmf/collection.ts'
import { createDigitCollector, type DigitCollector } from '../dtmf/digit-collector.ts'
import { spokenDigits } from '../dtmf/spoken-digits.ts'
import type { CallCore } from './call-core.ts'
import type { SayOptions, Speech, SpeechHandle } from './call-types.ts'

/** Silence after a question that wants a yes is a no, in milliseconds (T-7). */
const CONFIRM_MS = 8_000

/** How often a value that does not fit is asked for again. */
const ASK_AGAIN = 2

/** What the keypad and questions of a call need of it. */
export interface CallRequestParts {
  core: () => CallCore
  say(text: string | Speech, options: SayOptions): SpeechHandle
  /** A sensitive value is being given, or was: what is kept of the call leaves it out. */
  onSensitive(isSensitive: boolean, atMs: number): void
}

/** Keys of the person, and questions of tools that are asked aloud. */
export class CallRequests {
  readonly #parts: CallRequestParts
  readonly #collector: DigitCollector
  #confirm: { request: PendingRequest; stop: Disposer } | undefined
  #abort: { requestId: string; controller: AbortController } | undefined
  #entries = 0

  constructor(parts: CallRequestParts) {
    this.#parts = parts
    const { parts: call } = parts.core()
    this.#collector = createDigitCollector(call.dtmf, {
      clock: call.access.clock,
      onEntry: ({ digits }) => this.#entry(digits),
      say: (prompt) => this.#ask(prompt, { commit: false, priority: 10 }),
      onSensitive: (isSensitive, atMs) => parts.onSensitive(isSensitive, atMs),
    })
  }

  /** Whether keys and words are a value that nobody keeps. */
  get isSensitive(): boolean {
    return this.#collector.isSensitive
  }

  /** Whether a tool waits for this person. */
  get isAsking(): boolean {
    return this.#abort !== undefined || this.#confirm !== undefined
  }

  /** Whether what is said next may be a value that was asked for, and no turn. */
  get isCollecting(): boolean {
    return this.isAsking || this.#collector.isCollecting
  }

  /** Whether a key is the rest of an entry that is complete already. */
  absorbs(digit: string): boolean {
    return this.#collector.absorbs(digit)
  }

  /** One key. */
  key(digit: string): void {
    const { driver } = this.#parts.core()
    // What the machine was told is kept: of a secret only that a key was pressed.
    driver.feed({ type: 'dtmf', digit: this.isSensitive ? '*' : digit })
    this.#collector.push(digit)
  }

  /** A finished turn in words; whether it was the answer to a running collection, and is no turn of its own. */
  spoken(text: string): boolean {
    this.#endConfirm()
    return this.#collector.spoken(text)
  }

  /** Asks for digits. @throws {ParleyError} `invalid_options` */
  collect(options: Parameters<DigitCollector['collect']>[0], signal?: AbortSignal): Promise<Collected> {
    return this.#collector.collect(options, signal === undefined ? {} : { signal })
  }

  /** A tool asks the person for something. */
  asked(request: PendingRequest): void {
    const core = this.#parts.core()
    const { participantId, access, roomId } = core.parts
    if (core.isEnding || (request.participantId !== undefined && request.participantId !== participantId)) return
    if (request.kind === 'confirm') return this.#askConfirm(request)
    if (request.kind !== 'input') return
    if (!request.sensitive) {
      if (request.prompt !== undefined) void this.#ask(request.prompt)
      return
    }
    this.#collectFor(request).catch((error: unknown) => {
      if (!core.isEnding) access.reportError(error, 'request', roomId)
    })
  }

  /** Ends what was asked for and was answered elsewhere. */
  async recheck(): Promise<void> {
    const { kit, roomId } = this.#parts.core().parts
    const waiting = this.#abort?.requestId ?? this.#confirm?.request.id
    if (waiting === undefined) return
    const open = await kit.pendingRequests({ roomId })
    if (open.some(({ id }) => id === waiting)) return
    if (this.#abort?.requestId === waiting) this.#abort.controller.abort(answeredElsewhere())
    if (this.#confirm?.request.id === waiting) this.#endConfirm()
  }

  close(): void {
    this.#endConfirm()
    this.#collector.close()
    this.#abort?.controller.abort(answeredElsewhere())
  }

  /** Keys that nobody had asked for: a turn, or the answer to a yes-or-no question. */
  #entry(digits: string): void {
    const confirm = this.#confirm?.request
    if (confirm !== undefined && (digits === '1' || digits === '2')) {
      this.#endConfirm()
      return void this.#decide(confirm, digits === '1' ? 'approve' : 'reject')
    }
    this.#entries += 1
    this.#parts.core().driver.feed({ type: 'typed', id: `keys-${this.#entries}`, text: digits, source: 'dtmf' })
  }

  #askConfirm(request: PendingRequest): void {
    const { clock } = this.#parts.core().parts.access
    const prompt = request.prompt ?? 'Shall I do that? Say yes or no.'
    this.#endConfirm()
    const confirm = { request, stop: (): void => {} }
    this.#confirm = confirm
    this.#tellAsking()
    void this.#ask(prompt).then(() => {
      if (this.#confirm !== confirm) return
      confirm.stop = clock.setTimer(CONFIRM_MS, () => {
        if (this.#confirm !== confirm) return
        this.#endConfirm()
        void this.#decide(request, 'reject', 'silence')
      })
    })
  }

  /** Asks aloud, after what the agent has said before its tool asked. */
  async #ask(prompt: string, options: SayOptions = {}): Promise<void> {
    const core = this.#parts.core()
    await core.speaking.saidSoFar()
    if (!core.isEnding) await this.#parts.say(prompt, { ...options, kind: 'prompt' })
  }

  #endConfirm(): void {
    if (this.#confirm === undefined) return
    this.#confirm.stop()
    this.#confirm = undefined
    this.#tellAsking()
  }

  /** While a tool asks, an answer must not cut the reply that waits for it. */
  #tellAsking(): void {
    this.#parts.core().driver.feed({ type: 'command', command: { kind: 'ask', on: this.isAsking } })
  }

  async #collectFor(request: PendingRequest): Promise<void> {
    const { endpoint } = this.#parts.core().parts
    const controller = new AbortController()
    this.#abort = { requestId: request.id, controller }
    this.#tellAsking()
    const digits = digitsOf(request.schema)
    const { prompt, id: requestId } = request
    endpoint.show?.({
      type: 'input',
      mode: 'digits',
      sensitive: true,
      requestId,
      digits: digits.max,
      ...(prompt === undefined ? {} : { prompt }),
    })
    try {
      for (let attempt = 0; attempt <= ASK_AGAIN; attempt++) {
        const asked = attempt === 0 ? prompt : `That does not fit. ${prompt ?? ''}`
        const given = await this.#collector.collect(
          { digits, sensitive: true, retries: ASK_AGAIN, ...(asked === undefined ? {} : { prompt: asked }) },
          { signal: controller.signal },
        )
        const value = given.type === 'digits' ? given.digits : given.type === 'spoken' ? spokenDigits(given.text) : ''
        if (given.type === 'hangup') return
        if (given.type === 'timeout') return void (await this.#decide(request, 'reject', 'timeout'))
        const answer = value === '' ? undefined : await this.#decide(request, 'answer', undefined, value)
        if (answer !== undefined && answer.outcome !== 'value_invalid') return
      }
      await this.#decide(request, 'reject', 'unreadable')
    } catch (error) {
      if (!controller.signal.aborted) throw error
    } finally {
      this.#abort = undefined
      this.#tellAsking()
      endpoint.show?.({ type: 'input', mode: 'none', sensitive: false, requestId })
    }
  }

  async #decide(
    { id }: PendingRequest,
    decision: 'approve' | 'reject' | 'answer',
    reason?: string,
    value?: Json,
  ): Promise<AnswerResult | undefined> {
    const { kit, participantId, access, roomId } = this.#parts.core().parts
    try {
      return await kit.answerRequest(id, {
        decision,
        by: { kind: 'person', id: participantId },
        ...(reason === undefined ? {} : { reason }),
        ...(value === undefined ? {} : { value }),
      })
    } catch (error) {
      access.reportError(error, 'request', roomId)
      return undefined
    }
  }
}

/** How many digits a value has, as far as its schema says. */
function digitsOf(schema: PendingRequest['schema']): { min: number; max: number } {
  const pattern = typeof schema?.['pattern'] === 'string' ? schema['pattern'] : ''
  const counted = /(?:\\d|\[0-9\])\{(\d+)(?:,(\d+))?\}/.exec(pattern)
  const min = Number(counted?.[1] ?? schema?.['minLength'] ?? 1)
  const max = Number(counted?.[2] ?? counted?.[1] ?? schema?.['maxLength'] ?? 32)
  return Number.isInteger(min) && Number.isInteger(max) && min >= 1 && max >= min ? { min, max } : { min: 1, max: 32 }
}

function answeredElsewhere(): ParleyError {
  return new ParleyError({ code: 'request_not_found', message: 'The question was answered or withdrawn.' })
}
