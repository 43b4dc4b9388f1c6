import { orchestrationOf } from '@parley/kit'
import {
  ParleyError,
  type AgentOutput,
  type AudioFrame,
  type CloseReason,
  type Content,
  type Disposer,
  type EventEmitter,
  type MediaEndpoint,
  type OutputSink,
  type ParticipantId,
  type RoomEvent,
  type RoomId,
  type TurnId,
} from '@parley/spec'
import type { Collected } from '../dtmf/collection.ts'
import type { CollectOptions } from '../dtmf/dtmf-options.ts'
import type { HeardLedger } from '../ledger/heard-ledger.ts'
import type { TransferRequest, TransferResult } from '../transfer/transfer-options.ts'
import type { AmdVerdict } from '../turn/verdicts.ts'
import { assembleCall, type CallHost } from './assemble-call.ts'
import { pressKey } from './press-key.ts'
import { hookPayload, hookScope, noteReceipt, type CallCore, type CallParts } from './call-core.ts'
import type { DeskLeg, JoinLegOptions } from './call-bridge.ts'
import { createCallRecording } from './call-recording.ts'
import { checkVoices, expectNext, readRoom, showAgent, showState } from './call-room.ts'
import type { CallEvent, CallSession, SayOptions, Speech, SpeechHandle } from './call-types.ts'
import type { TransferPerson } from './call-transfer.ts'
import { joinRoom } from './join-room.ts'
import { expectNames } from './key-terms.ts'
import { mediaHandlers } from './media-handlers.ts'
import { speakReply } from './reply-output.ts'
import { callEnded, closeCall } from './close-call.ts'
import { endCall } from './end-call.ts'
import { commitSaid } from './settle-speech.ts'

/** What an agent is told when its call has used up what it may cost. */
const WRAP_UP = 'This call has to end soon. Sum up in one sentence what was agreed, say goodbye, and end the call.'

/** One call at work: what comes from the person goes to the turn machine, what it decides is run. */
export class LiveCall implements CallSession {
  readonly id: string
  readonly roomId: RoomId
  readonly participantId: ParticipantId
  readonly ended: Promise<CloseReason>
  readonly #core: CallCore
  readonly #host: CallHost
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
    this.#host = {
      say: (text, options) => this.say(text, options),
      interrupt: () => this.interrupt({ force: true }),
      hangup: (reason) => void this.hangup(reason),
      refresh: () => this.#refresh(),
      hold: (isHeld) => {
        if (this.#closing === undefined) this.#setHold(isHeld)
      },
      key: (digit) => pressKey(this.#core, digit),
      wrapUp: () => void this.reply({ instructions: WRAP_UP }).catch((error: unknown) => this.#report(error)),
      escalate: (why) => this.#escalate(why),
    }
    this.#core = assembleCall(parts, this.#host)
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
    const { user, agent, returnUntilMs, parts } = this.#core
    const isEnded = this.#closing !== undefined
    if (returnUntilMs === undefined || isEnded) return { user, agent, isEnded }
    return { user, agent, isEnded, returnWithinMs: Math.max(0, returnUntilMs - parts.access.clock.monotonicMs()) }
  }

  get metrics(): CallSession['metrics'] {
    const { metrics, account } = this.#core
    return { turns: [...metrics.turns], cost: account.report() }
  }

  get log(): CallSession['log'] {
    return this.#core.driver.log.steps
  }

  /** Opens the engines, joins the room and lets media in. @throws {ParleyError} of the engines */
  async start(): Promise<void> {
    const core = this.#core
    const { access, endpoint, roomId, direction, settingsReceipt } = core.parts
    core.spans.start()
    await readRoom(core)
    await checkVoices(core)
    await expectNames(core)
    await core.hearing.start(endpoint.info.inputFormat.sampleRateHz)
    await Promise.all([core.layers.start(), core.languages.start()])
    await expectNext(core)
    const untap = endpoint.output.tap?.((frame, audibleAtMs) => this.#sent(frame, audibleAtMs))
    if (untap !== undefined) this.#disposers.push(untap)
    this.#disposers.push(...joinRoom(core, this.#host))
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
        frame: (frame, atMs) => {
          if (core.parts.keepsLog) core.frames.caller.add(frame, atMs, core.requests.isSensitive)
          core.hearing.push(frame, atMs)
        },
        consent: (granted) => core.recording?.consent(granted),
        closed: (reason) => void this.hangup(reason),
      }),
    )
    showAgent(core)
    core.emitter.emit({ type: 'media', state: 'connected' })
    access.fire('onCallStarted', { ...hookPayload(core), direction, endpoint: endpoint.info.kind }, hookScope(core))
    core.driver.feed({ type: 'mediaResumed' })
    core.driver.feed({ type: 'roomMode', mode: core.mode })
    core.recording = createCallRecording(
      () => core,
      core.parts.recording,
      core.parts.consent,
      (text, options) => this.say(text, options),
    )
    core.opening.start()
    access.background('ttsCache', async () => core.cache?.prewarm(core), roomId)
  }

  /** Takes one turn of an agent to be spoken; undefined where the call ends. */
  openOutput(output: AgentOutput): OutputSink | undefined {
    if (this.#closing !== undefined) return undefined
    const core = this.#core
    const { access, tts, roomId } = core.parts
    const reply = speakReply(
      {
        callId: this.id,
        speaking: core.speaking,
        onTool: (name, utteranceId) => {
          if (name === null) core.fillers.toolEnded(utteranceId)
          else core.fillers.toolStarted(utteranceId, name)
        },
        takeUtterance: (turnId) => core.speculations.takeUtterance(turnId),
        newUtteranceId: () => access.ids.next('utt'),
        feed: (event) => core.driver.feed(event),
        // A tool that waits for this very person's answer is not cut short by it.
        interruptTurn: (turnId) => {
          if (!core.requests.isAsking) access.interruptTurn(turnId)
        },
        isAudible: tts !== undefined,
        reportError: (error) => access.reportError(error, 'call', roomId),
      },
      output,
    )
    core.replies.set(reply.utteranceId, reply)
    void reply.over.finally(() => {
      core.replies.delete(reply.utteranceId)
      access.background('cost', () => core.account.readTurn(output.turnId), roomId)
    })
    return reply.sink
  }

  /** Something was committed that this call did not say itself. */
  told(event: RoomEvent, content: Content): void {
    if (this.#closing !== undefined || isOwn(event)) return
    const text = content.type === 'text' ? content.text : content.type === 'rich' ? (content.plainText ?? '') : ''
    if (text.trim() === '') return
    const { source } = event
    if (source.kind === 'agent' || event.metadata['say'] === true) {
      void this.say(text, {
        commit: false,
        ...(source.channelId !== undefined && source.kind === 'agent' ? { agentId: source.channelId } : {}),
      })
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
    if (commit && agentId !== null) commitSaid(core, agentId, utteranceId, outcome, options)
    return core.speaking.handleOf(utteranceId, () =>
      core.driver.feed({ type: 'command', command: { kind: 'cancelUtterance', utteranceId } }),
    )
  }

  speechOf(turnId: TurnId): SpeechHandle | undefined {
    const { speaking, fillers, replies, driver } = this.#core
    const utteranceId = [...replies.values()].find((reply) => reply.turnId === turnId)?.utteranceId
    if (utteranceId === undefined) return undefined
    const interrupt = (): void => driver.feed({ type: 'command', command: { kind: 'cancelUtterance', utteranceId } })
    return speaking.handleOf(utteranceId, interrupt, () => {
      const tool = fillers.toolOf(utteranceId)
      return tool === undefined ? undefined : selfWait(tool, utteranceId)
    })
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
    await this.#core.layers.send(digits)
  }

  async collect(options: CollectOptions, context: { signal?: AbortSignal } = {}): Promise<Collected> {
    this.#assertLive()
    return this.#core.requests.collect(options, context.signal)
  }

  async end({ goodbye }: { goodbye?: string } = {}): Promise<boolean> {
    return endCall(this.#core, goodbye, {
      say: (text, options) => this.say(text, options),
      hangup: () => this.hangup('agent'),
    })
  }

  async transfer(request: TransferRequest, person?: TransferPerson): Promise<TransferResult> {
    this.#assertLive()
    return this.#core.transfer.transfer(request, person)
  }

  async join(endpoint: MediaEndpoint, options: JoinLegOptions): Promise<DeskLeg> {
    this.#assertLive()
    return this.#core.bridge.join(endpoint, options)
  }

  /** Who is audible on this call beside its person. */
  get colleagues(): readonly ParticipantId[] {
    return this.#core.bridge.audible
  }

  get answeredBy(): AmdVerdict | undefined {
    return this.#core.opening.answeredBy
  }

  async press(digits: string): Promise<'pressed' | 'loop'> {
    this.#assertLive()
    return this.#core.opening.press(digits)
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
    if (mode !== core.mode) core.bridge.modeChanged()
    if (activeAgentId !== core.activeAgentId) showAgent(core)
    else if (mode !== core.mode) showState(core)
    await expectNames(core)
    await expectNext(core)
  }

  #refresh(): void {
    void this.refresh().catch((error: unknown) => this.#report(error))
  }

  /** A person is asked for, or who is named for such calls is dialled. */
  #escalate(why: string): void {
    const { kit, access, escalateTo, dialOut } = this.#core.parts
    if (escalateTo !== undefined && dialOut !== undefined) {
      return access.background('escalate', async () => void (await this.transfer(escalateTo)), this.roomId)
    }
    const by = { kind: 'code' as const, id: this.id }
    access.background(
      'escalate',
      async () => void (await kit.requestHuman(this.roomId, { reason: why }, { by })),
      this.roomId,
    )
  }

  #report(error: unknown): void {
    this.#core.parts.access.reportError(error, 'call', this.roomId)
  }

  #setHold(isHeld: boolean): void {
    this.#assertLive()
    const { hearing, driver, parts } = this.#core
    hearing.setHeld(isHeld)
    driver.feed({ type: 'command', command: { kind: isHeld ? 'hold' : 'resume' } })
    this.#core.layers.hold(isHeld)
    this.#core.bridge.hold(isHeld)
    parts.endpoint.show?.({ type: 'hold', on: isHeld })
  }

  /** What goes to the person, with the instant it is audible there. */
  #sent(frame: AudioFrame, audibleAtMs: number): void {
    const { recording, parts, frames, requests } = this.#core
    if (parts.keepsLog) frames.agent.add(frame, audibleAtMs, requests.isSensitive)
    recording?.agent(frame, audibleAtMs)
    parts.echo?.played(frame, audibleAtMs)
  }

  #assertLive(): void {
    if (this.#closing === undefined) return
    throw callEnded(this.id)
  }

  async #close(reason: CloseReason): Promise<void> {
    await closeCall(this.#core, reason, this.#disposers)
    this.#onEnded(this)
    this.#end.resolve(reason)
  }
}

function selfWait(tool: string, utteranceId: string): ParleyError {
  return new ParleyError({
    code: 'voice_self_wait',
    message: `The speech waits for ${tool}, so nobody can wait for the speech in there. Return, and say what follows afterwards.`,
    details: { tool, utteranceId },
  })
}

/** What came from a call, or was spoken by one, is known to it. */
function isOwn({ metadata }: RoomEvent): boolean {
  const voice = metadata['voice']
  return typeof voice === 'object' && voice !== null && !Array.isArray(voice) && voice['callId'] !== undefined
}
