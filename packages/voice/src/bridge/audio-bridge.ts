import { FRAME_MS, ParleyError, createEventEmitter } from '@parley/spec'
import type { AudioFrame, AudioProcessor, Clock, Disposer, EventFeed } from '@parley/spec'
import { createInputChain, type BypassReason } from '../processing/input-chain.ts'
import { resolveOptions } from '../resolve-options.ts'
import type { BridgeCoachMode, BridgeLeg } from './bridge-leg.ts'
import { createBridgeMatrix, type Hearing } from './bridge-matrix.ts'
import { createBridgeMixing, type BridgeMixing } from './bridge-mixing.ts'
import { defaultBridgeOptions, type BridgeOptions } from './bridge-options.ts'

/** What a bridge tells. */
export type BridgeEvent =
  | { type: 'joined' | 'left'; legId: string }
  | { type: 'held'; legId: string; isHeld: boolean }
  /** The receipt of coaching: who, what, when. */
  | { type: 'coached'; legId: string; mode: BridgeCoachMode; before: BridgeCoachMode; by: string; atMs: number }
  /** `forward`: two legs of one format, passed on as they are. */
  | { type: 'wired'; mode: 'idle' | 'forward' | 'mix'; rateHz: number }
  | { type: 'filterBypassed'; legId: string; reason: BypassReason }
  /** The last person on the other side left: the agent has this leg again. */
  | { type: 'agentTakesOver'; legId: string }
  | { type: 'ended' }

/** What a bridge needs. */
export interface AudioBridgeOptions extends Partial<BridgeOptions> {
  clock: Clock
  /** Whether somebody may coach; without it nobody may. */
  authorize?(permission: 'calls:supervise', by: string): boolean
  /** A supervisor's speech that is meant for the agent: an instruction, audible to nobody. */
  onWhisper?(frame: AudioFrame, legId: string): void
  /** Passed by every frame of every leg; left out for a leg where it is too slow or throws. */
  filter?: (legId: string) => AudioProcessor
  /** Milliseconds that only grow, to measure the filter by. */
  measure?: () => number
  /** What a leg's `send` has thrown, and once for a leg whose frames are of another rate than it joined with. */
  onError?(error: unknown, legId: string): void
}

/** Lets several lines of one call hear each other. */
export interface AudioBridge extends EventFeed<BridgeEvent> {
  /** @throws {ParleyError} `voice_bridge_full`; `invalid_options` for an id that is taken; `voice_call_ended` */
  join(leg: BridgeLeg): Promise<void>
  /** A frame that a leg says, at its input rate. */
  push(legId: string, frame: AudioFrame): void
  /** How one leg is heard by another from now on. */
  set(from: string, to: string, hearing: Partial<Hearing>): void
  /** What holds now between two legs. */
  hearing(from: string, to: string): Hearing
  /** A held leg hears nobody, is heard by nobody, and drives nothing. */
  hold(legId: string, isHeld: boolean): void
  /** @throws {ParleyError} `forbidden`, `invalid_options` for a leg that is no supervisor's */
  coach(legId: string, mode: BridgeCoachMode, context: { by: string }): void
  /** Whether what a leg says may drive the agent. */
  mayDrive(legId: string): boolean
  /** Frees a leg at once. Idempotent. */
  leave(legId: string): void
  readonly legIds: readonly string[]
  readonly mode: 'idle' | 'forward' | 'mix'
  /** Ends it for all. Idempotent. */
  close(): void
}

/** A stall longer than this is not made up for by a burst. */
const REANCHOR_MS = 200

/**
 * Makes an empty bridge.
 * @throws {ParleyError} `invalid_options`
 */
export function createAudioBridge({
  clock,
  authorize = () => false,
  onWhisper = () => {},
  filter,
  measure,
  onError = () => {},
  ...given
}: AudioBridgeOptions): AudioBridge {
  const options = resolveOptions('bridge', defaultBridgeOptions, given)
  const events = createEventEmitter<BridgeEvent>()
  const matrix = createBridgeMatrix()
  const legs = new Map<string, BridgeLeg>()
  const filters = new Map<string, { process(frame: AudioFrame): AudioFrame }>()
  /** Legs whose wrong rate has been told. */
  const misled = new Set<string>()
  let mixing: BridgeMixing | undefined
  let mode: AudioBridge['mode'] = 'idle'
  let wiring: Promise<void> = Promise.resolve()
  let stopTick: Disposer = () => {}
  let nextTickMs = 0
  let isClosed = false

  const tick = (): void => {
    const nowMs = clock.monotonicMs()
    if (nowMs - nextTickMs > REANCHOR_MS) nextTickMs = nowMs
    mixing?.tick()
    nextTickMs += FRAME_MS
    stopTick = clock.setTimer(Math.max(0, nextTickMs - clock.monotonicMs()), tick)
  }
  const guard = (leg: BridgeLeg): BridgeLeg => ({
    ...leg,
    send(frame) {
      try {
        leg.send(frame)
      } catch (error) {
        onError(error, leg.id)
      }
    },
  })
  const enter = (next: AudioBridge['mode'], made: BridgeMixing | undefined): void => {
    stopTick()
    mixing?.close()
    mixing = made
    mode = next
    if (made !== undefined) {
      nextTickMs = clock.monotonicMs() + FRAME_MS
      stopTick = clock.setTimer(FRAME_MS, tick)
    }
    const [first] = legs.values()
    events.emit({ type: 'wired', mode, rateHz: made?.rateHz ?? first?.inputRateHz ?? 0 })
  }
  const canForward = (): boolean => {
    const [one, other] = [...legs.values()]
    if (legs.size !== 2 || one === undefined || other === undefined) return false
    if (one.inputRateHz !== other.outputRateHz || other.inputRateHz !== one.outputRateHz) return false
    return [matrix.hearing(one.id, other.id), matrix.hearing(other.id, one.id)].every(({ gainDb }) => gainDb === 0)
  }
  /** Adds legs to a mixing that goes on, so that who talks is not interrupted. @returns whether that was possible */
  const extend = async (current: BridgeMixing, present: readonly BridgeLeg[]): Promise<boolean> => {
    if (present.some(({ outputRateHz }) => outputRateHz > current.rateHz)) return false
    for (const leg of present) {
      if (current.has(leg.id)) continue
      await current.add(leg)
      if (isClosed || legs.get(leg.id) !== leg) current.remove(leg.id)
    }
    return true
  }
  /** Chooses how the present legs are joined; one change at a time, as resamplers take a moment to make. */
  const rewire = (): Promise<void> => {
    wiring = wiring.then(async () => {
      if (isClosed) return
      if (legs.size < 2) return enter('idle', undefined)
      if (canForward()) return enter('forward', undefined)
      const present = [...legs.values()]
      if (mixing !== undefined && (await extend(mixing, present))) return
      const made = await createBridgeMixing(present, matrix.hearing)
      if (isClosed) return made.close()
      // Who left while it was made is not brought back.
      for (const leg of present) if (legs.get(leg.id) !== leg) made.remove(leg.id)
      enter('mix', made)
    })
    return wiring
  }
  const rewireLater = (): void => void rewire().catch((error: unknown) => onError(error, ''))

  const refuseRate = (leg: BridgeLeg, frame: AudioFrame): void => {
    if (misled.has(leg.id)) return
    misled.add(leg.id)
    const message = `Leg ${leg.id} joined with ${leg.inputRateHz} Hz and sends ${frame.sampleRateHz} Hz. Let it leave and join anew.`
    const details = { legId: leg.id, from: frame.sampleRateHz, to: leg.inputRateHz }
    onError(new ParleyError({ code: 'audio_format_unsupported', message, details }), leg.id)
  }
  const forward = (from: string, frame: AudioFrame): void => {
    for (const leg of legs.values()) {
      if (leg.id !== from && matrix.hearing(from, leg.id).audible) leg.send(frame)
    }
  }
  const close = (): void => {
    if (isClosed) return
    isClosed = true
    stopTick()
    mixing?.close()
    mixing = undefined
    mode = 'idle'
    legs.clear()
    events.emit({ type: 'ended' })
    events.close()
  }
  const isPerson = ({ role }: BridgeLeg): boolean => role === 'caller' || role === 'human'

  return Object.freeze({
    events: events.events,
    on: events.on,
    async join(leg: BridgeLeg) {
      if (isClosed)
        throw new ParleyError({ code: 'voice_call_ended', message: 'The bridge has ended. Make a new one.' })
      if (legs.has(leg.id)) {
        throw new ParleyError({
          code: 'invalid_options',
          message: `The bridge has a leg ${leg.id} already. Take it out first, or give this one another id.`,
          details: { path: 'id', legId: leg.id },
        })
      }
      if (legs.size >= options.maxLegs) {
        throw new ParleyError({
          code: 'voice_bridge_full',
          message: `A bridge has at most ${options.maxLegs} legs. Take one out before ${leg.id} joins.`,
          details: { legId: leg.id, maxLegs: options.maxLegs },
        })
      }
      legs.set(leg.id, guard(leg))
      matrix.add(leg.id, leg.role)
      if (filter !== undefined) {
        filters.set(
          leg.id,
          createInputChain([filter(leg.id)], {
            ...(measure === undefined ? {} : { measure }),
            budgetMs: options.filterBudgetMs,
            onBypass: (_id, reason) => events.emit({ type: 'filterBypassed', legId: leg.id, reason }),
          }),
        )
      }
      await rewire()
      if (legs.has(leg.id)) events.emit({ type: 'joined', legId: leg.id })
    },
    push(legId: string, frame: AudioFrame) {
      const leg = legs.get(legId)
      if (leg === undefined) return
      if (frame.sampleRateHz !== leg.inputRateHz) return refuseRate(leg, frame)
      const filtered = filters.get(legId)?.process(frame) ?? frame
      if (matrix.modeOf(legId) === 'whisperAgent' && !matrix.isHeld(legId)) onWhisper(filtered, legId)
      if (mode === 'forward') forward(legId, filtered)
      else mixing?.push(legId, filtered.samples)
    },
    set(from: string, to: string, hearing: Partial<Hearing>) {
      matrix.set(from, to, hearing)
      if ((mode === 'forward') !== canForward()) rewireLater()
    },
    hearing: matrix.hearing,
    hold(legId: string, isHeld: boolean) {
      if (!legs.has(legId) || matrix.isHeld(legId) === isHeld) return
      matrix.hold(legId, isHeld)
      events.emit({ type: 'held', legId, isHeld })
    },
    coach(legId: string, next: BridgeCoachMode, { by }: { by: string }) {
      if (!authorize('calls:supervise', by)) {
        throw new ParleyError({
          code: 'forbidden',
          message: 'Coaching a call needs the permission calls:supervise.',
          details: { permission: 'calls:supervise' },
        })
      }
      if (legs.get(legId)?.role !== 'supervisor') {
        throw new ParleyError({
          code: 'invalid_options',
          message: `Leg ${legId} is no supervisor's. Only those can coach.`,
          details: { path: 'legId', legId },
        })
      }
      const before = matrix.modeOf(legId)
      if (before === next) return
      matrix.coach(legId, next)
      events.emit({ type: 'coached', legId, mode: next, before, by, atMs: clock.monotonicMs() })
    },
    mayDrive: (legId: string) => legs.has(legId) && matrix.mayDrive(legId),
    leave(legId: string) {
      const leg = legs.get(legId)
      if (leg === undefined) return
      legs.delete(legId)
      filters.delete(legId)
      misled.delete(legId)
      mixing?.remove(legId)
      matrix.remove(legId)
      events.emit({ type: 'left', legId })
      const people = [...legs.values()].filter(isPerson)
      const [last] = people
      if (isPerson(leg) && people.length < 2) {
        if (last === undefined || options.onLastHuman === 'end') return close()
        events.emit({ type: 'agentTakesOver', legId: last.id })
      }
      rewireLater()
    },
    get legIds() {
      return [...legs.keys()]
    },
    get mode() {
      return mode
    },
    close,
  })
}
