import {
  ParleyError,
  type AudioFrame,
  type ChannelId,
  type CloseReason,
  type Disposer,
  type MediaEndpoint,
  type ParticipantId,
} from '@parley/spec'
import { createAudioBridge, type AudioBridge } from '../bridge/audio-bridge.ts'
import { SILENT_DB, SideLevels } from '../bridge/side-levels.ts'
import type { BridgeCoachMode, BridgeRole } from '../bridge/bridge-leg.ts'
import { HEARING_RATE } from './hearing.ts'
import { noteReceipt, type CallCore } from './call-core.ts'
import type { CallHost } from './assemble-call.ts'
import { DeskLegMedia } from './desk-leg.ts'
import { HumanTakeover } from './human-takeover.ts'

const CALLER = 'caller'
const AGENT = 'agent'

/** How often people of the desk are shown how loud each side is, in milliseconds. */
const LEVELS_MS = 100

/** What a person of the desk does on a call. */
export type DeskMode = 'takeover' | Exclude<BridgeCoachMode, 'off'>

/** Options of `call.join`. */
export interface JoinLegOptions {
  participantId: ParticipantId
  mode: DeskMode
  /** Which rights the person was found to have: taking over needs `desk:answer`, all else `calls:supervise`. */
  rights: readonly string[]
  displayName?: string
}

/** Somebody of the desk on a live call. */
export interface DeskLeg {
  readonly id: string
  readonly participantId: ParticipantId
  readonly mode: DeskMode
  /** Resolves when the leg has left, with why. */
  readonly ended: Promise<CloseReason>
  /** Changes what a supervisor does. @throws {ParleyError} `forbidden`, `invalid_options` for who took the call over */
  coach(mode: Exclude<DeskMode, 'takeover'>): Promise<void>
  /** Gives the conversation back to the agent that had it, with a note for it. @throws {ParleyError} `invalid_options` */
  giveBack(options?: { note?: string; target?: ChannelId }): Promise<void>
  leave(): Promise<void>
}

interface Joined {
  media: DeskLegMedia
  role: BridgeRole
  mode: DeskMode
  takeover: HumanTakeover | undefined
  end: PromiseWithResolvers<CloseReason>
}

/** The other lines of one call: who took it over, who listens, who was called in. */
export class CallBridge {
  readonly #core: () => CallCore
  readonly #host: CallHost
  readonly #legs = new Map<string, Joined>()
  readonly #supervisors = new Set<string>()
  readonly #levels = new SideLevels()
  #stopLevels: Disposer = () => {}
  #wasLoud = false
  #bridge: AudioBridge | undefined
  #live: Promise<AudioBridge> | undefined

  constructor(core: () => CallCore, host: CallHost) {
    this.#core = core
    this.#host = host
  }

  /** Whether somebody else is on the line. */
  get isBridged(): boolean {
    return this.#legs.size > 0
  }

  /** Who is heard by the caller. */
  get audible(): readonly ParticipantId[] {
    const heard = [...this.#legs.values()].filter(({ mode }) => mode === 'takeover' || mode === 'barge')
    return heard.map(({ media }) => media.participantId)
  }

  /** A person of the desk joins. @throws {ParleyError} `forbidden`, `voice_bridge_full`, and what kit and engines say */
  async join(endpoint: MediaEndpoint, { participantId, mode, rights, displayName }: JoinLegOptions): Promise<DeskLeg> {
    const core = this.#core()
    const { access } = core.parts
    const right = mode === 'takeover' ? 'desk:answer' : 'calls:supervise'
    if (!rights.includes(right)) throw forbidden(mode, right)
    if (rights.includes('calls:supervise')) this.#supervisors.add(participantId)
    const role: BridgeRole = mode === 'takeover' ? 'human' : 'supervisor'
    const joined = this.#admit(endpoint, { id: access.ids.next('leg'), participantId, role, mode })
    try {
      if (mode === 'takeover') {
        await this.#takeOver(joined, displayName)
      } else {
        await this.#member(participantId, displayName)
        await this.#connect(joined)
        await this.#coach(joined, mode)
      }
    } catch (error) {
      await joined.media.close('error')
      throw error
    }
    return this.#handleOf(joined)
  }

  /** Somebody who was dialled has the call: they and the caller hear each other, the agent falls silent. */
  async connect(media: DeskLegMedia, displayName?: string): Promise<void> {
    const joined: Joined = { media, role: 'human', mode: 'takeover', takeover: undefined, end: Promise.withResolvers() }
    this.#legs.set(media.id, joined)
    await this.#takeOver(joined, displayName)
  }

  /** The caller speaks. */
  caller(frame: AudioFrame): void {
    if (this.#bridge === undefined) return
    this.#levels.note('caller', frame.samples)
    this.#bridge.push(CALLER, frame)
  }

  /** What a leg says, as its media tells it. */
  said(legId: string, frame: AudioFrame): void {
    const mode = this.#legs.get(legId)?.mode
    if (mode === 'takeover' || mode === 'barge') this.#levels.note('desk', frame.samples)
    this.#bridge?.push(legId, frame)
  }

  hold(isHeld: boolean): void {
    this.#bridge?.hold(CALLER, isHeld)
  }

  /** The room's mode changed: who had taken over gives the call back. */
  modeChanged(): void {
    if (this.#core().mode !== 'agent') return
    for (const joined of this.#legs.values()) {
      if (joined.takeover?.isHolding !== true) continue
      joined.takeover.returned()
      void joined.media.close('agent')
    }
  }

  /** A leg is gone; the note is for the agent that has the call again. */
  left(legId: string, reason: CloseReason, note = ''): void {
    const joined = this.#legs.get(legId)
    if (joined === undefined) return
    this.#legs.delete(legId)
    this.#bridge?.leave(legId)
    joined.takeover?.left(note)
    joined.end.resolve(reason)
    this.#show()
    if (joined.role === 'supervisor' && !this.#core().isEnding) {
      const { kit, roomId, access } = this.#core().parts
      access.background('coach', () => kit.coach(roomId, joined.media.participantId, 'off'), roomId)
    }
    if (this.#legs.size === 0) this.#unbridge()
  }

  /** What somebody beside the caller said or typed is theirs; the room decides whom it is for. */
  async wrote(legId: string, text: string, id: string, source: 'speech' | 'typed'): Promise<void> {
    const { parts, isEnding } = this.#core()
    const joined = this.#legs.get(legId)
    if (joined === undefined || isEnding || joined.mode === 'monitor') return
    await parts.kit.processInbound(
      {
        channelId: parts.channelId,
        senderId: joined.media.participantId,
        content: { type: 'text', text },
        idempotencyKey: `${legId}:${id}`,
        metadata: { voice: { callId: parts.id, legId, source } },
      },
      { roomId: parts.roomId },
    )
  }

  async close(reason: CloseReason): Promise<void> {
    const media = [...this.#legs.values()].map((joined) => {
      joined.takeover?.callEnded()
      return joined.media
    })
    await Promise.allSettled(media.map((leg) => leg.close(reason)))
    this.#unbridge()
  }

  #admit(
    endpoint: MediaEndpoint,
    { id, participantId, role, mode }: { id: string; participantId: ParticipantId; role: BridgeRole; mode: DeskMode },
  ): Joined {
    const media: DeskLegMedia = new DeskLegMedia(this.#core(), {
      id,
      participantId,
      role,
      endpoint,
      on: {
        frame: (frame) => this.said(id, frame),
        text: (text, textId, source) => this.wroteLater(id, text, textId, source),
        digit: () => {},
        closed: (reason) => this.left(id, reason),
      },
    })
    const joined: Joined = { media, role, mode, takeover: undefined, end: Promise.withResolvers() }
    this.#legs.set(id, joined)
    return joined
  }

  /** As `wrote`, without waiting for it. */
  wroteLater(legId: string, text: string, id: string, source: 'speech' | 'typed'): void {
    const { access, roomId } = this.#core().parts
    access.background('leg', () => this.wrote(legId, text, id, source), roomId)
  }

  /** silence of the agent and the person's line begin in the same instant; the room learns of it beside. */
  async #takeOver(joined: Joined, displayName: string | undefined): Promise<void> {
    const core = this.#core()
    const { media } = joined
    const takeover = new HumanTakeover(core, media.participantId, {
      interruptAgent: () => this.#host.interrupt(),
      bridge: () => this.#connect(joined),
      setHuman: async () => {
        await this.#member(media.participantId, displayName)
        const { kit, roomId } = core.parts
        const result = await kit.takeover(roomId, media.participantId, { reason: 'call' })
        if (!result.accepted && (await kit.state(roomId)).human?.claimedBy !== media.participantId)
          throw refused(result)
      },
    })
    joined.takeover = takeover
    await takeover.take()
  }

  async #connect({ media }: Joined): Promise<void> {
    const bridge = await this.#open()
    await bridge.join(media.bridgeLeg.leg)
    await media.start()
    this.#show()
    await media.listen()
  }

  async #member(participantId: ParticipantId, displayName: string | undefined): Promise<void> {
    const { kit, roomId, channelId } = this.#core().parts
    await kit.ensureParticipant(roomId, {
      id: participantId,
      channelId,
      ...(displayName === undefined ? {} : { displayName }),
    })
  }

  async #coach(joined: Joined, mode: Exclude<DeskMode, 'takeover'>): Promise<void> {
    const { participantId, id } = joined.media
    const { kit, roomId } = this.#core().parts
    if (joined.role !== 'supervisor') throw notSupervisor(id)
    const bridge = await this.#open()
    bridge.coach(id, mode, { by: participantId })
    joined.mode = mode
    this.#show()
    await kit.coach(roomId, participantId, mode)
  }

  async #open(): Promise<AudioBridge> {
    return (this.#live ??= this.#make())
  }

  async #make(): Promise<AudioBridge> {
    const core = this.#core()
    const { access, endpoint, roomId } = core.parts
    const { sampleRateHz } = endpoint.info.outputFormat
    const bridge = createAudioBridge({
      clock: access.clock,
      onLastHuman: 'agent',
      authorize: (_permission, by) => this.#supervisors.has(by),
      onError: (error) => access.reportError(error, 'bridge', roomId),
    })
    bridge.on('coached', ({ legId, mode, before, by, atMs }) =>
      noteReceipt(core, 'coached', { legId, mode, before, by, atMs: Math.floor(atMs) }),
    )
    this.#bridge = bridge
    const send = core.layers.bridge((samples) => {
      this.#levels.note('agent', samples)
      bridge.push(AGENT, { samples, sampleRateHz, channels: 1, position: 0 })
    })
    this.#showLevels()
    await bridge.join({ id: CALLER, role: 'caller', inputRateHz: HEARING_RATE, outputRateHz: sampleRateHz, send })
    // The agent speaks to the caller by the call's own output, and hears them by its recognizer.
    await bridge.join({
      id: AGENT,
      role: 'agent',
      inputRateHz: sampleRateHz,
      outputRateHz: sampleRateHz,
      send: () => {},
    })
    bridge.set(AGENT, CALLER, { audible: false })
    bridge.set(CALLER, AGENT, { audible: false })
    return bridge
  }

  /** Shows who has joined how loud each side is; what stays silent is shown once. */
  #showLevels(): void {
    const { clock } = this.#core().parts.access
    this.#stopLevels = clock.setTimer(LEVELS_MS, () => {
      const levels = this.#levels.take()
      const isLoud = Math.max(levels.caller, levels.agent, levels.desk) > SILENT_DB
      if (isLoud || this.#wasLoud)
        for (const { media } of this.#legs.values()) media.endpoint.show?.({ type: 'levels', ...levels })
      this.#wasLoud = isLoud
      this.#showLevels()
    })
  }

  #unbridge(): void {
    this.#stopLevels()
    this.#core().layers.unbridge()
    this.#bridge?.close()
    this.#bridge = undefined
    this.#live = undefined
  }

  /** Who listens unheard is not shown. */
  #show(): void {
    const { parts, mode } = this.#core()
    parts.endpoint.show?.({ type: 'bridge', mode, participants: [...this.audible] })
  }

  #handleOf(joined: Joined): DeskLeg {
    const { media } = joined
    return {
      id: media.id,
      participantId: media.participantId,
      get mode() {
        return joined.mode
      },
      ended: joined.end.promise,
      coach: (mode) => this.#coach(joined, mode),
      giveBack: async ({ note, target } = {}) => {
        if (joined.takeover === undefined) throw notTaken(media.id)
        await joined.takeover.giveBack(note ?? '', target)
        await media.close('agent')
      },
      leave: () => media.close('hangup'),
    }
  }
}

function forbidden(mode: DeskMode, right: string): ParleyError {
  return new ParleyError({
    code: 'forbidden',
    message: `To join a call for ${mode} a person needs the right ${right}.`,
    details: { mode, right },
  })
}

function notSupervisor(legId: string): ParleyError {
  return new ParleyError({
    code: 'invalid_options',
    message: 'Who has taken a call over does not coach it. Leave, and join again as a supervisor.',
    details: { path: 'mode', legId },
  })
}

function notTaken(legId: string): ParleyError {
  return new ParleyError({
    code: 'invalid_options',
    message: 'Only who has taken the call over can give it back.',
    details: { path: 'leg', legId },
  })
}

function refused(result: { code?: string; message?: string }): ParleyError {
  return new ParleyError({
    code: 'forbidden',
    message: `The conversation could not be taken over: ${result.message ?? result.code ?? 'it was refused'}.`,
    details: { reason: result.code ?? 'refused' },
  })
}
