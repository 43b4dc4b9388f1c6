import { ParleyError, type ChannelId, type Disposer, type ParticipantId } from '@parley/spec'
import { initialTakeoverState, stepTakeover, TAKEOVER_BOUND_MS, type TakeoverEvent } from '../transfer/takeover.ts'
import { noteReceipt, type CallCore } from './call-core.ts'

/** What taking over does to the call. */
export interface TakeoverPorts {
  interruptAgent(): void
  /** Caller and person hear each other when it resolves. */
  bridge(): Promise<void>
  /** The room is the person's. */
  setHuman(): Promise<void>
}

/** One person's way into a call and out of it. */
export class HumanTakeover {
  readonly #core: CallCore
  readonly #participantId: ParticipantId
  readonly #ports: TakeoverPorts
  readonly #formerAgentId: ChannelId | null
  #state = initialTakeoverState
  #stopTimer: Disposer = () => {}
  #working: Promise<void>[] = []
  #target: ChannelId | undefined
  #note = ''

  constructor(core: CallCore, participantId: ParticipantId, ports: TakeoverPorts) {
    this.#core = core
    this.#participantId = participantId
    this.#ports = ports
    this.#formerAgentId = core.activeAgentId
  }

  /** Whether the conversation is the person's. */
  get isHolding(): boolean {
    return this.#state.phase === 'human'
  }

  /** Takes the call. @throws {ParleyError} of the room and the bridge */
  async take(): Promise<void> {
    const startedMs = this.#core.parts.access.clock.monotonicMs()
    this.#feed({ type: 'take' })
    await Promise.all(this.#working)
    noteReceipt(this.#core, 'takenOver', {
      by: this.#participantId,
      agentId: this.#formerAgentId,
      bridgedMs: Math.floor(this.#core.parts.access.clock.monotonicMs() - startedMs),
    })
  }

  /** @throws {ParleyError} `invalid_options` when there is no agent to give it to, and what the room says */
  async giveBack(note: string, target: ChannelId | undefined): Promise<void> {
    this.#target = target
    this.#working = []
    this.#feed({ type: 'giveBack', summary: note })
    await Promise.all(this.#working)
  }

  /** The room was given back by other means. */
  returned(): void {
    this.#stopTimer()
    this.#state = { phase: 'agent' }
  }

  /** The person has hung up; the note is for the agent. */
  left(note: string): void {
    this.#working = []
    this.#note = note
    this.#feed({ type: 'personHungUp' })
    const { access, roomId } = this.#core.parts
    for (const work of this.#working) void work.catch((error: unknown) => access.reportError(error, 'takeover', roomId))
  }

  /** The caller is gone. */
  callEnded(): void {
    this.#feed({ type: 'callerHungUp' })
  }

  #feed(event: TakeoverEvent): void {
    const { access } = this.#core.parts
    const { state, effects } = stepTakeover(this.#state, event, access.clock.monotonicMs())
    this.#state = state
    for (const effect of effects) {
      switch (effect.type) {
        case 'interruptAgent':
          this.#ports.interruptAgent()
          break
        case 'bridge':
          this.#working.push(this.#ports.bridge().then(() => this.#feed({ type: 'bridged' })))
          break
        case 'unbridge':
          // Its line closes with the leg.
          break
        case 'summary':
          this.#note = effect.text
          break
        case 'setMode':
          this.#working.push(effect.mode === 'human' ? this.#ports.setHuman() : this.#handBack(this.#note))
          break
        case 'setTimer':
          this.#stopTimer = access.clock.setTimer(effect.atMs - access.clock.monotonicMs(), () =>
            this.#feed({ type: 'timerFired' }),
          )
          break
        case 'cancelTimer':
          this.#stopTimer()
          break
        case 'late':
          noteReceipt(this.#core, 'takeoverLate', { by: this.#participantId, boundMs: TAKEOVER_BOUND_MS })
          break
      }
    }
  }

  async #handBack(note: string): Promise<void> {
    const { kit, roomId } = this.#core.parts
    const target = this.#target ?? this.#formerAgentId
    if (this.#core.isEnding) return
    if (target === null) {
      throw new ParleyError({
        code: 'invalid_options',
        message: 'No agent had this conversation before. Say which one is to have it now.',
        details: { path: 'target' },
      })
    }
    if ((await kit.state(roomId)).mode !== 'human') return
    await kit.handBack(
      roomId,
      { target, ...(note === '' ? {} : { note }) },
      { by: { kind: 'person', id: this.#participantId } },
    )
  }
}
