import { orchestrationOf, type CallLine, type CallSpeaker } from '@parley/kit'
import {
  createEventEmitter,
  ParleyError,
  type AgentOutput,
  type AudioFrame,
  type ChannelId,
  type CloseReason,
  type Content,
  type Disposer,
  type EventEmitter,
  type OutputSink,
  type ParticipantId,
  type RoomEvent,
  type RoomId,
} from '@parley/spec'
import { createHeardLedger, type HeardLedger } from '../ledger/heard-ledger.ts'
import { createTextFilters } from '../text/text-filters.ts'
import type { CommittedTurn } from '../turn/turn-effects.ts'
import { createTurnMachine } from '../turn/turn-machine.ts'
import { beforeTts } from './before-tts.ts'
import { CallCaptions } from './call-captions.ts'
import {
  hookPayload,
  hookScope,
  noteReceipt,
  rememberTurn,
  stageFailed,
  type CallCore,
  type CallParts,
} from './call-core.ts'
import { createCallRecording } from './call-recording.ts'
import { CallRequests } from './call-requests.ts'
import { createCallHandoffs } from './call-handoffs.ts'
import { expectNext, openVoice, readRoom, showAgent, showState } from './call-room.ts'
import type { CallEvent, CallSession, SayOptions, Speech, SpeechHandle, SpeechOutcome } from './call-types.ts'
import { Hearing } from './hearing.ts'
import { mediaHandlers } from './media-handlers.ts'
import { speakReply } from './reply-output.ts'
import { keepReceipt, runEffect } from './run-effect.ts'
import { createLineSpeaker } from './say-line.ts'
import { Speaking, type Spoken } from './speaking.ts'
import { TurnDriver } from './turn-driver.ts'
import { UserTurns } from './user-turns.ts'
import { VoiceBank } from './voice-bank.ts'

/** How long the log of a cut reply is waited for before the turn that cut it is committed, in milliseconds. */
const REPLY_SETTLE_MS = 2_000

/** How long ending a call may wait for its parts, in milliseconds. */
const CLOSE_MS = 2_000

/** Transcripts that are remembered for their words. */
const TRANSCRIPTS = 64

/** One call at work: what comes from the person goes to the turn machine, what it decides is run. */
export class LiveCall implements CallSession {
  readonly id: string
  readonly roomId: RoomId
  readonly participantId: ParticipantId
  readonly ended: Promise<CloseReason>
  readonly #core: CallCore
  readonly #disposers: Disposer[] = []
  readonly #end = Promise.withResolvers<CloseReason>()
  readonly #onEnded: (call: LiveCall) => void
  #closing: Promise<void> | undefined

  constructor(parts: CallParts, onEnded: (call: LiveCall) => void) {
    this.id = parts.id
    this.roomId = parts.roomId
    this.participantId = parts.participantId
    this.ended = this.#end.promise
    this.#onEnded = onEnded
    this.#core = this.#assemble(parts)
  }

  get ledger(): HeardLedger {
    return this.#core.ledger
  }

  get events(): AsyncIterable<CallEvent> {
    return this.#core.emitter.events
  }

  get on(): EventEmitter<CallEvent>['on'] {
    return this.#core.emitter.on
  }

  get state(): CallSession['state'] {
    const { user, agent } = this.#core
    return { user, agent, isEnded: this.#closing !== undefined }
  }

  get log(): CallSession['log'] {
    return this.#core.driver.log
  }

  /** Opens the engines, joins the room and lets media in. @throws {ParleyError} of the engines */
  async start(): Promise<void> {
    const core = this.#core
    const { access, endpoint, roomId, direction, settingsReceipt } = core.parts
    await readRoom(core)
    await core.hearing.start(endpoint.info.inputFormat.sampleRateHz)
    await expectNext(core)
    const untap = endpoint.output.tap?.((frame, audibleAtMs) => this.#sent(frame, audibleAtMs))
    if (untap !== undefined) this.#disposers.push(untap)
    this.#join()
    noteReceipt(core, 'settings', { settings: settingsReceipt })
    await access.record(roomId, {
      type: 'callStarted',
      content: {
        type: 'system',
        code: 'call_started',
        text: 'A call began.',
        data: { callId: this.id, participantId: this.participantId, direction, endpoint: endpoint.info.kind },
      },
    })
    await endpoint.start(
      mediaHandlers(core, {
        frame: (frame, atMs) => core.hearing.push(frame, atMs),
        digit: (digit) => core.requests.key(digit),
        consent: (granted) => core.recording?.consent(granted),
        closed: (reason) => void this.hangup(reason),
      }),
    )
    showAgent(core)
    core.emitter.emit({ type: 'media', state: 'connected' })
    access.fire('onCallStarted', { ...hookPayload(core), direction, endpoint: endpoint.info.kind }, hookScope(core))
    core.driver.feed({ type: 'mediaResumed' })
    core.driver.feed({ type: 'roomMode', mode: core.mode })
    core.recording = createCallRecording(() => core, core.parts.recording, core.parts.consent, (text, options) =>
      this.say(text, options),
    )
    access.connected(roomId)
  }

  /** Takes one turn of an agent to be spoken; undefined where the call ends. */
  openOutput(output: AgentOutput): OutputSink | undefined {
    if (this.#closing !== undefined) return undefined
    const core = this.#core
    const { access, tts, endpoint, roomId } = core.parts
    const reply = speakReply(
      {
        callId: this.id,
        speaking: core.speaking,
        newUtteranceId: () => access.ids.next('utt'),
        feed: (event) => core.driver.feed(event),
        // A tool that waits for this very person's answer is not cut short by it.
        interruptTurn: (turnId) => {
          if (!core.requests.isAsking) access.interruptTurn(turnId)
        },
        isAudible: tts !== undefined && endpoint.info.withoutAudio !== true,
        reportError: (error) => access.reportError(error, 'call', roomId),
      },
      output,
    )
    core.replies.set(reply.utteranceId, reply)
    void reply.over.finally(() => core.replies.delete(reply.utteranceId))
    return reply.sink
  }

  /** Something was committed that this call did not say itself. */
  told(event: RoomEvent, content: Content): void {
    if (this.#closing !== undefined || isOwn(event)) return
    const text = content.type === 'text' ? content.text : content.type === 'rich' ? (content.plainText ?? '') : ''
    if (text.trim() === '') return
    const { source } = event
    if (source.kind === 'agent' || event.metadata['say'] === true) {
      void this.say(text, { commit: false, ...(source.channelId !== undefined && source.kind === 'agent' ? { agentId: source.channelId } : {}) })
      return
    }
    const role = source.participantId === this.participantId ? 'user' : 'agent'
    this.#core.parts.endpoint.show?.({ type: 'caption', id: event.id, role, text, final: true })
  }

  say(text: string | Speech, options: SayOptions = {}): SpeechHandle {
    this.#assertLive()
    const core = this.#core
    const { access } = core.parts
    const { commit = true, agentId = core.activeAgentId, kind = 'say', mustHear } = options
    const utteranceId = access.ids.next('utt')
    const { outcome } = core.speaking.begin(
      {
        utteranceId,
        kind,
        agentId,
        mustHear,
        priority: options.priority ?? 5,
        interruptible: options.interruptible ?? mustHear !== 'uninterruptible',
      },
      { isWhole: true },
    )
    core.speaking.speak(utteranceId, mustHear === undefined || typeof text !== 'string' ? text : [{ text, mustHear }])
    if (commit && agentId !== null) this.#keep(outcome.then((settled) => this.#commitSaid(agentId, utteranceId, settled, options)))
    return core.speaking.handleOf(utteranceId, () =>
      core.driver.feed({ type: 'command', command: { kind: 'cancelUtterance', utteranceId } }),
    )
  }

  async reply({ instructions = 'Speak now.' }: { instructions?: string } = {}): Promise<void> {
    this.#assertLive()
    const { activeAgentId, parts } = this.#core
    if (activeAgentId !== null) await parts.access.ask(this.roomId, activeAgentId, instructions)
  }

  interrupt({ force = false }: { force?: boolean } = {}): void {
    this.#core.driver.feed({ type: 'command', command: { kind: 'interrupt', force } })
  }

  commitUserTurn(): void {
    this.#core.driver.feed({ type: 'command', command: { kind: 'commit' } })
  }

  clearUserTurn(): void {
    this.#core.driver.feed({ type: 'command', command: { kind: 'clear' } })
  }

  async setLanguage(language: string): Promise<void> {
    this.#assertLive()
    await orchestrationOf(this.#core.parts.kit).setLanguage(this.roomId, language)
  }

  hold(): void {
    this.#setHold(true)
  }

  resume(): void {
    this.#setHold(false)
  }

  async sendDtmf(digits: string): Promise<void> {
    this.#assertLive()
    await this.#core.parts.endpoint.sendDtmf?.(digits)
  }

  async hangup(reason: CloseReason = 'agent'): Promise<void> {
    return (this.#closing ??= this.#close(reason))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hangup('shutdown')
  }

  /** The room's state changed: a person took over, another agent is active, or it stands at another question. */
  async refresh(): Promise<void> {
    const core = this.#core
    if (core.isEnding) return
    const { mode, activeAgentId } = core
    await readRoom(core)
    if (core.isEnding) return
    if (mode !== core.mode) core.driver.feed({ type: 'roomMode', mode: core.mode })
    if (activeAgentId !== core.activeAgentId) showAgent(core)
    else if (mode !== core.mode) showState(core)
    await expectNext(core)
  }

  #refresh(): void {
    void this.refresh().catch((error: unknown) => this.#core.parts.access.reportError(error, 'call', this.roomId))
  }

  #assemble(parts: CallParts): CallCore {
    const { access, endpoint, settings, roomId } = parts
    const { clock } = access
    const isAudible = parts.tts !== undefined && endpoint.info.withoutAudio !== true
    const ledger = createHeardLedger({ clock })
    const driver = new TurnDriver(createTurnMachine(settings), clock, {
      run: (effect) => runEffect(core, lines, effect),
      receipt: (receipt) => keepReceipt(core, receipt),
      onError: (error) => access.reportError(error, 'call', roomId),
    })
    const feed = driver.feed.bind(driver)
    const voices =
      parts.tts === undefined
        ? undefined
        : new VoiceBank(parts.tts, parts.tts.info.formats[0] ?? plainFormat, parts.context)
    const speaking = new Speaking({
      clock,
      ids: access.ids,
      ledger,
      output: isAudible ? endpoint.output : undefined,
      voice: voices === undefined ? undefined : ({ agentId }) => openVoice(core, agentId),
      filters: () => createTextFilters(parts.filters, core.language),
      language: () => core.language,
      stallTtsMs: settings.stall.ttsMs,
      interruptTotalMs: settings.cancel.interruptTotalMs,
      feed,
      beforeTts: (utterance, text) => beforeTts(core, utterance, text),
      afterTts: (utterance, text, audioMs, cached) =>
        access.fire(
          'afterTts',
          { ...hookPayload(core), text, agentId: utterance.agentId, utteranceId: utterance.id, audioMs, cached },
          hookScope(core),
        ),
      onSentence: (utterance) => core.captions.speech(utterance, { isFinal: false, isCut: false }),
      onFailure: (_utterance, error) => stageFailed(core, 'tts', error),
      onSpokenToolCall: (utterance, { name }) =>
        noteReceipt(core, 'spokenToolCall', { utteranceId: utterance.id, name }),
      onStarted: (spoken) => this.#started(spoken),
      onHeard: (utteranceId) => core.captions.heard(utteranceId),
      onSettled: (spoken, outcome) => this.#settled(spoken, outcome),
    })
    const hearing = new Hearing({
      clock,
      context: parts.context,
      vad: parts.vad,
      vadOptions: settings.vad,
      stt: parts.stt,
      sharedVad: parts.sharedVad,
      language: parts.language,
      keyTerms: settings.keyTerms,
      feed: (event) => {
        if (event.type === 'vadStart') core.speechStartedMs = event.speechStartedAtMs
        feed(event)
      },
      onHeard: (frame, atMs) => this.#heard(frame, atMs),
      process: (frame) => parts.process(frame),
      onTranscript: (event) => {
        if (event.words !== undefined) this.#rememberWords(event.id, event.words)
        if (!core.requests.isSensitive) core.captions.interim(event.text)
      },
      onStageFailed: (stage, error) => stageFailed(core, stage, error),
    })
    const captions = new CallCaptions({
      clock,
      ledger,
      show: endpoint.show === undefined ? undefined : (view) => endpoint.show?.(view),
      agentName: (agentId) => core.agents.get(agentId)?.name,
      holdsTranscripts: () => access.hasHook('onTranscription', hookScope(core)),
    })
    const userTurns = new UserTurns({
      kit: parts.kit,
      access,
      channelId: parts.channelId,
      roomId,
      callId: parts.id,
      participantId: parts.participantId,
      feed,
      repliesSettled: () => this.#repliesSettled(),
      wordsOf: (ids) => ids.flatMap((id) => core.transcripts.get(id) ?? []),
      intercept: (turn) => this.#intercept(turn),
      onCommitted: (turn, committed, text) => {
        captions.turn(text)
        if (committed) rememberTurn(core, 'user', text)
        core.emitter.emit({ type: 'userTurn', turnId: turn.turnId, text, committed })
      },
      onUnheard: () => void this.say(parts.lines.sayAgain, { commit: false, kind: 'apology' }),
    })
    const core: CallCore = {
      parts,
      ledger,
      driver,
      speaking,
      hearing,
      userTurns,
      captions,
      voices,
      emitter: createEventEmitter<CallEvent>({ onError: (error) => access.reportError(error, 'call', roomId) }),
      replies: new Map(),
      commits: new Set(),
      transcripts: new Map(),
      agents: new Map(),
      startedMs: clock.monotonicMs(),
      activeAgentId: null,
      mode: 'agent',
      language: parts.language,
      user: 'silent',
      agent: 'initializing',
      speechStartedMs: 0,
      isEnding: false,
      hint: undefined,
      hasDetectorFailed: false,
      lastTurns: [],
      speculations: { run: () => {}, close: () => {} },
      get requests() {
        return requests
      },
      recording: undefined,
    }
    const requests: CallRequests = new CallRequests({
      core: () => core,
      say: (text, options) => this.say(text, options),
      onSensitive: (isSensitive, atMs) => core.recording?.mask(isSensitive, atMs),
    })
    const lines = createLineSpeaker(
      () => core,
      (text, options) => this.say(text, options),
      (reason) => void this.hangup(reason),
    )
    return core
  }

  /** Greetings, handoffs and languages of the room go through the call from now on. */
  #join(): void {
    const core = this.#core
    const { access, kit, roomId } = core.parts
    const orchestration = orchestrationOf(kit)
    const speaker: CallSpeaker = { say: (line) => this.#sayLine(line) }
    this.#disposers.push(
      access.joinCalls(roomId, speaker),
      kit.joinHandoffs(
        roomId,
        createCallHandoffs({
          clock: access.clock,
          feed: (event) => core.driver.feed(event),
          canSpeak: (agentId) => core.agents.get(agentId)?.isConfigOnly !== true,
          readyVoice: async (agentId) => {
            await readRoom(core)
            if (core.voices !== undefined) await openVoice(core, agentId)
          },
          quiet: () => this.#quiet(),
          interrupt: () => this.interrupt({ force: true }),
          switchTo: (plan) => {
            core.activeAgentId = plan.to
            const { from, to, toPhase, request } = plan
            core.parts.endpoint.show?.({ type: 'handoff', from, to, phase: toPhase, reason: request.reason })
            core.emitter.emit({ type: 'handoff', from, to })
            noteReceipt(core, 'switched', { from, to, handoffId: plan.handoffId })
            showAgent(core)
            this.#refresh()
          },
        }),
      ),
      kit.observe('onUserInputRequired', ({ request }) => core.requests.asked(request), { roomId }),
      kit.observe('onModeChanged', () => this.#refresh(), { roomId }),
      kit.observe('onPhaseTransition', () => this.#refresh(), { roomId }),
      orchestration.joinLanguages(roomId, {
        refuses: () => undefined,
        apply: async (language) => {
          core.language = language
          core.driver.feed({ type: 'language', language })
          await core.hearing.expect({ language })
          core.parts.endpoint.show?.({ type: 'language', language })
          core.emitter.emit({ type: 'language', language })
        },
      }),
    )
  }

  #sayLine({ agentId, text, kind, idempotencyKey }: CallLine): boolean {
    if (this.#closing !== undefined) return false
    void this.say(text, { agentId, kind, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) })
    return true
  }

  #setHold(isHeld: boolean): void {
    this.#assertLive()
    const { hearing, driver, parts } = this.#core
    hearing.setHeld(isHeld)
    driver.feed({ type: 'command', command: { kind: isHeld ? 'hold' : 'resume' } })
    parts.endpoint.show?.({ type: 'hold', on: isHeld })
  }

  #heard(frame: AudioFrame, atMs: number): void {
    this.#core.recording?.caller(frame, atMs)
  }

  /** What goes to the person, with the instant it is audible there. */
  #sent(frame: AudioFrame, audibleAtMs: number): void {
    const { recording, parts } = this.#core
    recording?.agent(frame, audibleAtMs)
    parts.echo?.played(frame, audibleAtMs)
  }

  /** A turn may be the answer to something that was asked beside the conversation. */
  #intercept({ source, text }: CommittedTurn): 'answer' | 'masked' | undefined {
    if (source === 'dtmf') return undefined
    const { recording, requests } = this.#core
    if (recording?.answer(text) === true) return 'answer'
    const { isSensitive } = requests
    if (!requests.spoken(text)) return undefined
    return isSensitive ? 'masked' : 'answer'
  }

  #started(spoken: Spoken): void {
    const { emitter } = this.#core
    const { id, agentId } = spoken.utterance
    emitter.emit({ type: 'speechStarted', utteranceId: id, agentId })
  }

  #settled({ utterance, isInterrupted }: Spoken, outcome: SpeechOutcome): void {
    const core = this.#core
    core.captions.speech(utterance, { isFinal: true, isCut: isInterrupted })
    void expectNext(core)
    void core.requests.recheck().catch((error: unknown) => core.parts.access.reportError(error, 'request', this.roomId))
    core.captions.heard(utterance.id, { isOver: true, isCut: isInterrupted })
    if (utterance.kind !== 'filler' && utterance.kind !== 'backchannel') rememberTurn(core, 'assistant', outcome.heardText)
    noteReceipt(core, 'spoken', {
      utteranceId: utterance.id,
      agentId: utterance.agentId,
      kind: utterance.kind,
      status: outcome.status,
      heard: outcome.heardText.length,
      generated: outcome.generatedText.length,
      spans: outcome.spans,
    })
    core.emitter.emit({
      type: 'speechEnded',
      utteranceId: utterance.id,
      agentId: utterance.agentId,
      heardText: outcome.heardText,
    })
  }

  /** What was heard of a line becomes the agent's event. */
  async #commitSaid(agentId: ChannelId, utteranceId: string, outcome: SpeechOutcome, options: SayOptions): Promise<void> {
    const { parts } = this.#core
    const isReadOnly = parts.tts === undefined || parts.endpoint.info.withoutAudio === true
    const text = isReadOnly ? outcome.generatedText : outcome.heardText
    if (text.trim() === '') return
    await parts.kit.sendEvent(this.roomId, agentId, {
      content: { type: 'text', text, ...(outcome.status === 'interrupted' ? { interrupted: true as const } : {}) },
      metadata: { voice: { callId: this.id, utteranceId, spans: outcome.spans } },
      ...(options.idempotencyKey === undefined ? {} : { idempotencyKey: options.idempotencyKey }),
    })
  }

  #keep(work: Promise<void>): void {
    const { commits, parts } = this.#core
    const kept = work.catch((error: unknown) => parts.access.reportError(error, 'call', this.roomId))
    commits.add(kept)
    void kept.finally(() => commits.delete(kept))
  }

  #rememberWords(id: string, words: readonly { text: string; startMs: number; endMs: number }[]): void {
    const { transcripts } = this.#core
    transcripts.set(id, [...words])
    const [oldest] = transcripts.keys()
    if (transcripts.size > TRANSCRIPTS && oldest !== undefined) transcripts.delete(oldest)
  }

  /** Resolves when what was heard of cut replies is in the log, or is no longer waited for. */
  async #repliesSettled(): Promise<void> {
    const { replies, speaking, commits } = this.#core
    const cut = [...replies.values()].filter(({ utteranceId }) => {
      const spoken = speaking.get(utteranceId)
      return spoken === undefined || spoken.isInterrupted || spoken.isDropped
    })
    const waiting = [...cut.map(({ over }) => over), ...commits]
    if (waiting.length > 0) await this.#within(REPLY_SETTLE_MS, Promise.allSettled(waiting))
  }

  /** Resolves when nothing of the present speech is left to be heard. */
  async #quiet(): Promise<void> {
    const { endpoint } = this.#core.parts
    while (endpoint.output.isPlaying && this.#closing === undefined) {
      await new Promise<void>((resolve) => {
        const dispose = endpoint.output.on('finished', () => {
          dispose()
          resolve()
        })
      })
    }
  }

  async #within(ms: number, work: Promise<unknown>): Promise<void> {
    const { clock } = this.#core.parts.access
    const late = Promise.withResolvers<void>()
    const cancel = clock.setTimer(ms, () => late.resolve())
    try {
      await Promise.race([work, late.promise])
    } finally {
      cancel()
    }
  }

  #assertLive(): void {
    if (this.#closing === undefined) return
    throw new ParleyError({
      code: 'voice_call_ended',
      message: `Call ${this.id} is over. Start a new one to speak.`,
      details: { callId: this.id },
    })
  }

  /** What was heard and said so far is kept, then everything of the call ends. */
  async #close(reason: CloseReason): Promise<void> {
    const core = this.#core
    const { access, abort, endpoint } = core.parts
    core.driver.feed({ type: 'command', command: { kind: 'close' } })
    core.isEnding = true
    core.requests.close()
    core.speaking.close()
    await this.#within(CLOSE_MS, Promise.allSettled([core.userTurns.settled, ...core.commits, this.#repliesOver()]))
    for (const dispose of this.#disposers) dispose()
    // Finalized with the last word, before the call's end is in the log.
    await core.recording?.finish().catch((error: unknown) => access.reportError(error, 'recording', this.roomId))
    core.driver.close()
    core.captions.close()
    core.speculations.close()
    abort.abort(new ParleyError({ code: 'voice_call_ended', message: `Call ${this.id} is over.` }))
    await this.#within(
      CLOSE_MS,
      Promise.allSettled([core.hearing.close(), core.voices?.close(), endpoint.close(reason)]),
    )
    const durationMs = Math.floor(access.clock.monotonicMs() - core.startedMs)
    await this.#recordEnd(reason, durationMs)
    access.fire('onCallEnded', { ...hookPayload(core), reason, durationMs }, hookScope(core))
    core.emitter.emit({ type: 'ended', reason })
    core.emitter.close()
    this.#onEnded(this)
    this.#end.resolve(reason)
  }

  async #repliesOver(): Promise<void> {
    await Promise.allSettled([...this.#core.replies.values()].map(({ over }) => over))
  }

  async #recordEnd(reason: CloseReason, durationMs: number): Promise<void> {
    const { access } = this.#core.parts
    noteReceipt(this.#core, 'ledger', { ledger: JSON.parse(JSON.stringify(this.#core.ledger.toJSON())) })
    try {
      await access.record(this.roomId, {
        type: 'callEnded',
        content: {
          type: 'system',
          code: 'call_ended',
          text: 'The call is over.',
          data: { callId: this.id, participantId: this.participantId, reason, durationMs },
        },
      })
    } catch (error) {
      // A room that closed first has said so itself.
      if (!ParleyError.isInstance(error) || !['room_closed', 'room_archived'].includes(error.code))
        access.reportError(error, 'call', this.roomId)
    }
  }
}

/** What came from a call, or was spoken by one, is known to it. */
function isOwn({ metadata }: RoomEvent): boolean {
  const voice = metadata['voice']
  return typeof voice === 'object' && voice !== null && !Array.isArray(voice) && voice['callId'] !== undefined
}

const plainFormat = { encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 } as const
