import { callAccessOf, type CallAccess, type Kit } from '@parley/kit'
import {
  ParleyError,
  type AgentOutput,
  type AudioFrame,
  type Channel,
  type ChannelCapabilities,
  type ChannelId,
  type Delivery,
  type DeliveryOutcome,
  type MediaEndpoint,
  type OutputSink,
  type RoomId,
  type SpeechContext,
  type SpeechToText,
  type VoiceActivityDetector,
  type TurnId,
} from '@parley/spec'
import type { CallParts } from '../call/call-core.ts'
import type { CallSession, ConnectCallOptions } from '../call/call-types.ts'
import { LiveCall } from '../call/live-call.ts'
import { createSharedVad } from '../call/shared-vad.ts'
import { createEchoGuard } from '../echo/echo-guard.ts'
import type { VoiceOptions } from '../options/voice-options.ts'
import { resolveVoiceSettings, type SettingStages } from '../options/resolve-voice-settings.ts'
import { createInputChain } from '../processing/input-chain.ts'
import { createEstimatedTimings } from '../speech/estimated-timings.ts'
import { createSegmentedStt } from '../speech/segmented-stt.ts'
import { DRAIN_MS, drainCalls, lineCloses } from './drain-calls.ts'
import { defaultCallLines, type VoiceChannelOptions } from './voice-channel-options.ts'

/** Turns that are remembered as unspoken; their events come soon after. */
const UNSPOKEN = 256

const capabilities: ChannelCapabilities = {
  content: ['text', 'rich', 'audio', 'dtmf'],
  live: 'settling',
  edits: true,
}

/**
 * Connects rooms to people by voice: speech in, turn-taking, the room's agents, speech out. It holds configuration and
 * serves any number of calls; what belongs to one call is in its `CallSession`.
 */
export class VoiceChannel implements Channel {
  readonly channelId: ChannelId
  readonly channelType = 'voice'
  readonly category = 'transport'
  readonly capabilities: ChannelCapabilities = capabilities
  readonly sendersAreParticipants = true
  readonly #options: VoiceChannelOptions
  readonly #calls = new Map<RoomId, LiveCall[]>()
  /** Turns of agents that nobody on the line is to hear. */
  readonly #unspoken = new Set<TurnId>()
  #kit: { kit: Kit; access: CallAccess } | undefined
  #draining: Promise<void> | undefined

  /** @throws {ParleyError} `invalid_options` */
  constructor(channelId: ChannelId, options: VoiceChannelOptions = {}) {
    this.channelId = channelId
    this.#options = options
    resolveVoiceSettings({ channel: voiceOptionsOf(options), stages: stagesOf(options, undefined) })
  }

  /** Called by the kit. @throws {ParleyError} `channel_mismatch` */
  bindKit(kit: Kit): void {
    if (this.#kit !== undefined && this.#kit.kit !== kit) {
      throw new ParleyError({
        code: 'channel_mismatch',
        message: `Channel ${this.channelId} serves another kit. Make a voice channel for each kit.`,
        details: { channelId: this.channelId },
      })
    }
    this.#kit = { kit, access: callAccessOf(kit) }
  }

  /** Calls that are not over. */
  get calls(): readonly CallSession[] {
    return [...this.#calls.values()].flat()
  }

  /**
   * Begins a call: the person becomes a member of the room by this channel, the engines are opened, media is let in.
   * @throws {ParleyError} `channel_not_registered`, `room_not_found`, `room_closed`, `kit_closed` while the line closes,
   * and what engines say
   */
  async connect(endpoint: MediaEndpoint, options: ConnectCallOptions): Promise<CallSession> {
    const { kit, access } = this.#bound()
    if (this.#draining !== undefined) throw lineCloses(this.channelId)
    const { roomId, participantId } = options
    await kit.attach(roomId, this.channelId)
    await kit.ensureParticipant(roomId, { id: participantId, channelId: this.channelId })
    const parts = this.#partsOf(kit, access, endpoint, options)
    const call = new LiveCall(parts, (ended) => this.#forget(ended))
    this.#calls.set(roomId, [...(this.#calls.get(roomId) ?? []), call])
    try {
      await call.start()
    } catch (error) {
      await call.hangup('error')
      throw error
    }
    return call
  }

  openOutput(output: AgentOutput): OutputSink {
    const call = this.#speakerFor(output)
    if (call === undefined) this.#leaveUnspoken(output.turnId)
    return call?.openOutput(output) ?? { close: async () => {} }
  }

  async deliver({ event, content }: Delivery): Promise<DeliveryOutcome> {
    const calls = this.#calls.get(event.roomId) ?? []
    if (calls.length === 0) return noCall
    // What was answered to somebody else is theirs to read (C-4).
    if (event.turnId !== undefined && this.#unspoken.has(event.turnId)) return { status: 'sent' }
    for (const call of calls) call.told(event, content)
    return { status: 'sent' }
  }

  /**
   * Takes no new calls, and tells those that are live that the line closes (`lines.closing`). Resolves when all have
   * heard it, or after `maxMs`; the calls go on until they are ended.
   * @param options.maxMs - @default 5 000
   */
  drain({ maxMs = DRAIN_MS }: { maxMs?: number } = {}): Promise<void> {
    const { clock } = this.#bound().access
    const { closing: line } = { ...defaultCallLines, ...this.#options.lines }
    return (this.#draining ??= drainCalls(this.calls, { clock, line, maxMs }))
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.calls.map((call) => call.hangup('shutdown')))
  }

  #leaveUnspoken(turnId: TurnId): void {
    this.#unspoken.add(turnId)
    const [oldest] = this.#unspoken
    if (this.#unspoken.size > UNSPOKEN && oldest !== undefined) this.#unspoken.delete(oldest)
  }

  /** Who hears a reply: the call whose person was answered, or with `speak: 'all'` the room's first. */
  #speakerFor({ trigger }: AgentOutput): LiveCall | undefined {
    const calls = this.#calls.get(trigger.roomId) ?? []
    const { participantId, kind } = trigger.source
    const asker = calls.find((call) => call.participantId === participantId)
    if (asker !== undefined) return asker
    // Openings of agents, outcomes of requests and the like are for whoever is on the line.
    return kind !== 'person' || this.#options.speak === 'all' ? calls[0] : undefined
  }

  #partsOf(kit: Kit, access: CallAccess, endpoint: MediaEndpoint, options: ConnectCallOptions): CallParts {
    const own = this.#options
    const { clock, ids, telemetry } = access
    const id = options.callId ?? ids.next('call')
    const abort = new AbortController()
    const context: SpeechContext = {
      clock,
      ids,
      telemetry,
      signal: abort.signal,
      callId: id,
      sockets: own.sockets ?? noSockets,
      fetch: own.fetch ?? noFetch,
    }
    const hears = endpoint.info.withoutAudio !== true
    const vad = hears ? own.vad : undefined
    const echo = hears && endpoint.info.echo === 'none' ? createEchoGuard({ clock }) : undefined
    const resolved = resolveVoiceSettings({ channel: voiceOptionsOf(own), stages: stagesOf(own, endpoint) })
    const sharedVad = vad === undefined ? undefined : createSharedVad(vad.info)
    const processors = [...(own.inputProcessors ?? []), ...(echo === undefined ? [] : [echo.processor])]
    const chain =
      processors.length === 0
        ? undefined
        : createInputChain(processors, {
            ...(own.measure === undefined ? {} : { measure: own.measure }),
            onBypass: (stage, { reason }) =>
              access.receipt(options.roomId, 'voice.bypass', { callId: id, stage, reason }),
          })
    return {
      id,
      channelId: this.channelId,
      roomId: options.roomId,
      participantId: options.participantId,
      direction: options.direction ?? endpoint.info.direction,
      endpoint,
      kit,
      access,
      context,
      abort,
      settings: resolved.settings,
      settingsReceipt: JSON.parse(JSON.stringify(resolved)),
      stt: hears ? streaming(own.stt, sharedVad) : undefined,
      tts: own.tts === undefined ? undefined : createEstimatedTimings(own.tts),
      cache: own.cache,
      vad,
      sharedVad,
      turnDetector: own.turnDetector,
      backchannel: own.backchannelDetector,
      echo,
      filters: own.filters ?? {},
      voiceMap: own.voiceMap ?? {},
      defaultVoice: own.defaultVoice,
      voiceOverride: options.voice,
      language: options.language,
      hint: own.hint,
      greeting: own.greeting,
      process: chain === undefined ? (frame: AudioFrame) => frame : (frame) => chain.process(frame),
      lines: { ...defaultCallLines, ...own.lines },
      generateFiller: own.filler?.generate,
      dtmf: own.dtmf ?? {},
      recording: own.recording ?? {},
      consent: options.recording,
      background: own.background ?? {},
      latencyBudget: own.latencyBudget ?? {},
      callBudget: own.callBudget,
      linePricing: own.linePricing ?? {},
      onUnheard: own.onUnheard ?? 'continue',
      keepsLog: (own.callLog ?? 'store') === 'store',
      amd: own.amd === true ? {} : own.amd === false ? undefined : own.amd,
      autoLanguage: own.autoLanguage,
      people: () => (this.#calls.get(options.roomId) ?? []).flatMap((call) => [call.participantId, ...call.colleagues]),
      addressee: own.addressee,
      dialOut: own.dialOut,
      escalateTo: own.escalateTo,
      legSpeech: () => {
        const legVad = own.vad === undefined ? undefined : createSharedVad(own.vad.info)
        return { vad: own.vad, sharedVad: legVad, stt: streaming(own.stt, legVad) }
      },
    }
  }

  #bound(): { kit: Kit; access: CallAccess } {
    if (this.#kit !== undefined) return this.#kit
    throw new ParleyError({
      code: 'channel_not_registered',
      message: `Channel ${this.channelId} is not registered. Register it first with kit.register(channel).`,
      details: { channelId: this.channelId },
    })
  }

  #forget(call: LiveCall): void {
    const left = (this.#calls.get(call.roomId) ?? []).filter((other) => other !== call)
    if (left.length === 0) this.#calls.delete(call.roomId)
    else this.#calls.set(call.roomId, left)
  }
}

const noCall: DeliveryOutcome = {
  status: 'failed',
  code: 'delivery_rejected',
  message: 'Nobody is on the line.',
  retryable: false,
}

function streaming(
  stt: SpeechToText | undefined,
  sharedVad: ReturnType<typeof createSharedVad> | undefined,
): SpeechToText | undefined {
  if (stt === undefined || stt.info.streaming || sharedVad === undefined) return stt
  return createSegmentedStt(stt, sharedVad)
}

const noSockets: SpeechContext['sockets'] = () => Promise.reject(new ParleyError(notGiven('sockets')))
const noFetch: typeof fetch = () => Promise.reject(new ParleyError(notGiven('fetch')))

function notGiven(what: string): ConstructorParameters<typeof ParleyError>[0] {
  return {
    code: 'invalid_options',
    message: `The voice channel was given no ${what}. Pass it to new VoiceChannel(id, { ${what} }).`,
    details: { path: what },
  }
}

/** The options that are settings of calls: what is left once the parts are taken away. */
function voiceOptionsOf(options: VoiceChannelOptions): VoiceOptions {
  const {
    stt: _stt,
    tts: _tts,
    cache: _cache,
    vad: _vad,
    turnDetector: _turnDetector,
    backchannelDetector: _backchannelDetector,
    inputProcessors: _inputProcessors,
    hint: _hint,
    background: _background,
    linePricing: _linePricing,
    onUnheard: _onUnheard,
    callLog: _callLog,
    dialOut: _dialOut,
    addressee: _addressee,
    amd: _amd,
    autoLanguage: _autoLanguage,
    escalateTo: _escalateTo,
    greeting: _greeting,
    lines: _lines,
    measure: _measure,
    sockets: _sockets,
    fetch: _fetch,
    vadOptions,
    ...settings
  } = options
  return vadOptions === undefined ? settings : { ...settings, vad: vadOptions }
}

/** What stands between the person's sound and a turn. */
function stagesOf(options: VoiceChannelOptions, endpoint: MediaEndpoint | undefined): SettingStages {
  const hears = endpoint?.info.withoutAudio !== true
  return {
    vad: hears && options.vad !== undefined,
    stt: hears && options.stt !== undefined,
    turnDetector: options.turnDetector !== undefined,
    tts: options.tts !== undefined,
    sttEndOfSpeech: options.stt?.info.endOfSpeech === true,
    sttInterim: options.stt?.info.interim === true,
    canPause: endpoint === undefined || endpoint.info.capabilities.pause !== 'none',
    echo: endpoint?.info.echo === 'none',
    direction: endpoint?.info.direction ?? 'inbound',
    isPhone: endpoint?.info.kind === 'twilio',
    ...(options.stt === undefined ? {} : { sttNetMs: options.stt.info.finalLatency.p99Ms }),
    ...(options.vad === undefined ? {} : { vadWindowMs: windowMsOf(options.vad) }),
  }
}

function windowMsOf({ info }: VoiceActivityDetector): number {
  return (info.windowSamples * 1_000) / info.sampleRateHz
}
