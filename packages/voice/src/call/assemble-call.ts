import { createEventEmitter, type CloseReason } from '@parley/spec'
import { createDtmfInput } from '../dtmf/dtmf-input.ts'
import { createHeardLedger } from '../ledger/heard-ledger.ts'
import { FrameLog } from '../replay/frame-log.ts'
import { createTextFilters } from '../text/text-filters.ts'
import type { CommittedTurn } from '../turn/turn-effects.ts'
import { createTurnMachine } from '../turn/turn-machine.ts'
import { isForAgent } from './addressee.ts'
import { beforeTts } from './before-tts.ts'
import { CallAccount } from './call-account.ts'
import { CallBridge } from './call-bridge.ts'
import { createCallCache } from './call-cache.ts'
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
import { CallFillers } from './call-fillers.ts'
import { CallLanguage } from './call-language.ts'
import { CallLayers } from './call-layers.ts'
import { CallMetrics } from './call-metrics.ts'
import { CallOpening } from './call-opening.ts'
import { CallRequests } from './call-requests.ts'
import { expectNext, openVoice } from './call-room.ts'
import type { CallEvent, SayOptions, Speech, SpeechHandle } from './call-types.ts'
import { CallSpans } from './call-spans.ts'
import { CallTransfer } from './call-transfer.ts'
import { EchoWords } from './echo-words.ts'
import { Hearing } from './hearing.ts'
import { MustHear } from './must-hear.ts'
import { keepReceipt, runEffect } from './run-effect.ts'
import { createLineSpeaker } from './say-line.ts'
import { noteSettled, noteStarted, repliesSettled } from './settle-speech.ts'
import { Speaking } from './speaking.ts'
import { createSpeculations } from './speculations.ts'
import { TurnDriver } from './turn-driver.ts'
import { UserTurns } from './user-turns.ts'
import { VoiceBank } from './voice-bank.ts'

/** Transcripts that are remembered for their words. */
const TRANSCRIPTS = 64

/** What the parts of a call ask of it. */
export interface CallHost {
  say(text: string | Speech, options: SayOptions): SpeechHandle
  interrupt(): void
  hangup(reason: CloseReason): void
  /** Reads the room again: who is active, in which mode. */
  refresh(): void
  hold(isHeld: boolean): void
  /** A key of the person. */
  key(digit: string): void
  /** The agent is told to come to an end. */
  wrapUp(): void
  /** Somebody else is to have the call. */
  escalate(why: string): void
}

/** Puts a call together from its parts. */
export function assembleCall(parts: CallParts, host: CallHost): CallCore {
  const { access, endpoint, settings, roomId } = parts
  const { clock } = access
  const isAudible = parts.tts !== undefined
  const ledger = createHeardLedger({ clock })
  const driver = new TurnDriver(createTurnMachine(settings), clock, {
    run: (effect) => runEffect(core, lines, effect),
    isSecret: () => core.requests.isSensitive,
    took: (event, nowMs) => {
      opening.event(event)
      spans.event(event)
      metrics.event(event, nowMs)
      if (event.type === 'turnSettled') mustHear.turnSettled(event.turnId)
    },
    receipt: (receipt) => keepReceipt(core, receipt),
    onError: (error) => access.reportError(error, 'call', roomId),
  })
  const feed = driver.feed.bind(driver)
  const echoWords = new EchoWords(parts.echo, ledger)
  const metrics = new CallMetrics(() => core, parts.latencyBudget)
  const account = new CallAccount(() => core, parts.callBudget, parts.linePricing, {
    wrapUp: () => host.wrapUp(),
    transfer: () => host.escalate('budget'),
    end: () => host.hangup('budget'),
  })
  const mustHear = new MustHear({
    core: () => core,
    say: (text, options) => host.say(text, options),
    onUnheard: () => {
      if (parts.onUnheard === 'end') host.hangup('agent')
      if (parts.onUnheard === 'transfer') host.escalate('mustHearUnheard')
    },
  })
  const layers = new CallLayers({
    clock,
    endpoint,
    background: parts.background,
    onError: (error) => access.reportError(error, 'background', roomId),
  })
  const spans = new CallSpans(() => core)
  const opening = new CallOpening(() => core, host, parts.amd)
  const language = new CallLanguage(() => core, parts.autoLanguage)
  const bridge = new CallBridge(() => core, host)
  const keys = createDtmfInput({
    clock,
    endpointReports: endpoint.info.capabilities.dtmfIn !== 'audio',
    sampleRateHz: 16_000,
    onDigit: (digit) => host.key(digit),
  })
  const cache =
    parts.tts === undefined || parts.cache === undefined ? undefined : createCallCache(parts.tts, parts.cache)
  const voices =
    parts.tts === undefined
      ? undefined
      : new VoiceBank(
          cache?.tts ?? parts.tts,
          parts.tts.info.formats[0] ?? plainFormat,
          parts.context,
          settings.stall.ttsMs,
        )
  const speaking = new Speaking({
    clock,
    ids: access.ids,
    ledger,
    output: isAudible ? endpoint.output : undefined,
    voice:
      voices === undefined
        ? undefined
        : async ({ agentId, kind }) => {
            const opened = await openVoice(core, agentId)
            return cache?.voiceFor(kind, opened) ?? opened
          },
    filters: () => createTextFilters(parts.filters, core.language),
    language: () => core.language,
    stallTtsMs: settings.stall.ttsMs,
    interruptTotalMs: settings.cancel.interruptTotalMs,
    feed,
    beforeTts: (utterance, text) => beforeTts(core, utterance, text),
    afterTts: (utterance, text, audioMs, cached) => {
      account.spoke(parts.tts?.info.id ?? '', text.length, parts.tts?.info.pricing, cached)
      access.fire(
        'afterTts',
        { ...hookPayload(core), text, agentId: utterance.agentId, utteranceId: utterance.id, audioMs, cached },
        hookScope(core),
      )
    },
    onSentence: (utterance, stage) => {
      metrics.sentence(utterance.id, stage)
      spans.sentence(utterance.id, stage)
      if (stage === 'audio') core.fillers.sound(utterance)
      core.captions.speech(utterance, { isFinal: false, isCut: false })
    },
    onFailure: (_utterance, error) => stageFailed(core, 'tts', error),
    onSpokenToolCall: (utterance, { name }) => noteReceipt(core, 'spokenToolCall', { utteranceId: utterance.id, name }),
    onStarted: (spoken) => noteStarted(core, spoken),
    onWritten: ({ kind, generatedText }) => {
      if (kind === 'filler' || kind === 'backchannel' || generatedText.trim() === '') return
      // The person may answer before they have heard it all.
      core.lastLine = generatedText.trim()
      void expectNext(core)
    },
    onHeard: (utteranceId) => {
      core.captions.heard(utteranceId)
      echoWords.played(utteranceId, clock.monotonicMs())
    },
    onSettled: (spoken, outcome) => {
      echoWords.ended(spoken.utterance.id, clock.monotonicMs())
      noteSettled(core, spoken, outcome)
    },
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
    onHeard: (frame, atMs) => {
      core.recording?.caller(frame, atMs)
      bridge.caller(frame)
      opening.frame(frame)
    },
    process: (frame) => parts.process(frame),
    forRecognizer: (frame) => keys.pass(frame),
    onUsage: (audioMs) => account.heard(parts.stt?.info.id ?? '', audioMs, parts.stt?.info.pricing),
    onTranscript: (event) => {
      const echo = echoWords.echoOf(event.text, event.words?.[0]?.startMs)
      if (echo !== undefined) {
        noteReceipt(core, 'dropped', { reason: 'echo', characters: event.text.length, ...echo })
        return false
      }
      if (event.words !== undefined) rememberWords(core, event.id, event.words)
      if (!core.requests.isSensitive) core.captions.interim(event.text)
      return true
    },
    onStageFailed: (stage, error) =>
      stage === 'media' ? stageFailed(core, stage, error) : void core.stageErrors.set(stage, error),
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
    repliesSettled: () => repliesSettled(core),
    isEnding: () => core.isEnding,
    wordsOf: (ids) => ids.flatMap((id) => core.transcripts.get(id) ?? []),
    intercept: (turn) => intercept(core, turn),
    offer: (turnId) => core.speculations.offer(turnId),
    over: (turnId) => core.speculations.over(turnId),
    onCommitted: (turn, committed, text) => {
      captions.turn(text)
      if (committed) rememberTurn(core, 'user', text)
      if (committed) language.heard({ ...turn, text })
      if (turn.source === 'speech') opening.wordsKept()
      core.emitter.emit({ type: 'userTurn', turnId: turn.turnId, text, committed })
    },
    onUnheard: () => void host.say(parts.lines.sayAgain, { commit: false, kind: 'apology' }),
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
    cache,
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
    returnUntilMs: undefined,
    frames: { caller: new FrameLog('caller'), agent: new FrameLog('agent') },
    keyTerms: settings.keyTerms,
    lastLine: '',
    hint: undefined,
    hasDetectorFailed: false,
    stageErrors: new Map(),
    lastTurns: [],
    speculations: createSpeculations(() => core),
    fillers: new CallFillers(
      () => core,
      (text, options) => host.say(text, options),
      parts.generateFiller,
    ),
    get requests() {
      return requests
    },
    keys,
    pressed: Promise.resolve(),
    layers,
    bridge,
    opening,
    spans,
    languages: language,
    transfer: new CallTransfer(() => core, host),
    mustHear,
    metrics,
    account,
    recording: undefined,
  }
  const requests: CallRequests = new CallRequests({
    core: () => core,
    say: (text, options) => host.say(text, options),
    onSensitive: (isSensitive, atMs) => core.recording?.mask(isSensitive, atMs),
  })
  const lines = createLineSpeaker(
    () => core,
    (text, options) => host.say(text, options),
    (reason) => host.hangup(reason),
  )
  return core
}

/** A turn may be the answer to something that was asked beside the conversation. */
function intercept(core: CallCore, turn: CommittedTurn): 'answer' | 'masked' | 'unasked' | undefined {
  const { recording, requests, opening } = core
  const { source, text } = turn
  if (source === 'dtmf') return undefined
  if (opening.answers(turn)) return 'unasked'
  if (recording?.answer(text) === true) return 'answer'
  const { isSensitive } = requests
  if (!requests.spoken(text)) return isForAgent(core, turn) ? undefined : 'unasked'
  return isSensitive ? 'masked' : 'answer'
}

function rememberWords(
  { transcripts }: CallCore,
  id: string,
  words: readonly { text: string; startMs: number; endMs: number }[],
): void {
  transcripts.set(id, [...words])
  const [oldest] = transcripts.keys()
  if (transcripts.size > TRANSCRIPTS && oldest !== undefined) transcripts.delete(oldest)
}

const plainFormat = { encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 } as const
