import { defaultVoiceSettings } from '../../options/default-settings.ts'
import type { VoiceSettings } from '../../options/voice-settings.ts'
import type { TurnEffect, TurnReceipt } from '../turn-effects.ts'
import type { TurnEvent, UtteranceRequest } from '../turn-events.ts'
import { createTurnMachine, type TurnMachine, type TurnState } from '../turn-machine.ts'

type Partly<T> = { [K in keyof T]?: T[K] extends readonly unknown[] ? T[K] : T[K] extends object ? Partial<T[K]> : T[K] }

/** The defaults of a call with a streaming recognizer and speech detection, warm-up off, with changes. */
export function settingsWith(change: Partly<VoiceSettings> = {}): VoiceSettings {
  const settings = structuredClone(defaultVoiceSettings)
  settings.interruption.warmupMs = 0
  settings.stages.sttInterim = true
  for (const [key, value] of Object.entries(change)) {
    const known: unknown = Reflect.get(settings, key)
    const isGroup = typeof value === 'object' && value !== null && !Array.isArray(value)
    Reflect.set(settings, key, isGroup && typeof known === 'object' ? Object.assign({}, known, value) : value)
  }
  return settings
}

export interface Timed {
  atMs: number
  effect: TurnEffect
}

/** A call on a clock of its own: timers fire when they are due, effects and receipts are kept with their instants. */
export class Timeline {
  readonly machine: TurnMachine
  state: TurnState
  nowMs = 0
  readonly timed: Timed[] = []
  readonly receipts: TurnReceipt[] = []
  readonly timers = new Map<string, number>()
  /** Who wants to watch each step from outside. */
  beforeStep: (event: TurnEvent) => void = () => {}
  onStep: (event: TurnEvent, effects: readonly TurnEffect[]) => void = () => {}
  readonly log: { atMs: number; event: TurnEvent; effects: readonly TurnEffect[] }[] = []

  constructor(settings: VoiceSettings = settingsWith()) {
    this.machine = createTurnMachine(settings)
    this.state = this.machine.initial
  }

  feed(event: TurnEvent): readonly TurnEffect[] {
    this.beforeStep(event)
    const { state, effects, receipts } = this.machine.step(this.state, event, this.nowMs)
    this.state = state
    this.log.push({ atMs: this.nowMs, event, effects })
    this.receipts.push(...receipts)
    this.onStep(event, effects)
    for (const effect of effects) {
      this.timed.push({ atMs: this.nowMs, effect })
      if (effect.type === 'setTimer') this.timers.set(effect.timer, effect.atMs)
      if (effect.type === 'cancelTimer') this.timers.delete(effect.timer)
    }
    return effects
  }

  /** Goes to an instant, firing what is due on the way. */
  to(atMs: number): this {
    for (let count = 0; count < 10_000; count++) {
      let next: string | undefined
      let nextMs = Infinity
      for (const [timer, dueMs] of this.timers) {
        if (dueMs < nextMs) [next, nextMs] = [timer, dueMs]
      }
      if (next === undefined || nextMs > atMs) break
      this.nowMs = Math.max(this.nowMs, nextMs)
      this.timers.delete(next)
      this.feed({ type: 'timerFired', timer: next })
    }
    this.nowMs = Math.max(this.nowMs, atMs)
    return this
  }

  after(ms: number): this {
    return this.to(this.nowMs + ms)
  }

  at(atMs: number, event: TurnEvent): readonly TurnEffect[] {
    return this.to(atMs).feed(event)
  }

  /** The detector hears the first sound at once. */
  speak(fromMs: number): this {
    this.at(fromMs, { type: 'vadStart', speechStartedAtMs: fromMs, probability: 0.9 })
    return this
  }

  /** The detector is sure of silence 250 ms after the last sound; a recognizer that has given all says so at once. */
  silence(lastVoicedAtMs: number, detectedMs = 250): this {
    const effects = this.at(lastVoicedAtMs + detectedMs, { type: 'vadEnd', lastVoicedAtMs, probability: 0.1 })
    const parts = this.state.open?.parts ?? []
    const isAsked = effects.some(({ type }) => type === 'finalizeStt')
    if (isAsked && parts.length > 0 && parts.every(({ isFinal }) => isFinal)) {
      this.feed({ type: 'sttFinal', id: 'nothing-more', text: '' })
    }
    return this
  }

  final(atMs: number, text: string, more: { id?: string; lastWordEndMs?: number } = {}): this {
    this.at(atMs, { type: 'sttFinal', id: `final-${atMs}`, text, ...more })
    return this
  }

  interim(atMs: number, text: string, id = 'interim'): this {
    this.at(atMs, { type: 'sttInterim', id, text })
    return this
  }

  /** An utterance asks for the floor. */
  reply(utteranceId: string, more: Partial<UtteranceRequest> = {}): this {
    this.feed({ type: 'replyStarted', utteranceId, kind: 'reply', agentId: 'a', ...more })
    return this
  }

  audible(utteranceId: string): this {
    this.feed({ type: 'playoutStarted', epoch: 0, utteranceId, segmentId: `${utteranceId}-0`, positionMs: 0 })
    return this
  }

  /** It asks for the floor, is generated and can be heard. */
  plays(utteranceId: string, more: Partial<UtteranceRequest> = {}): this {
    this.reply(utteranceId, more)
    this.feed({ type: 'replyDelta', utteranceId, text: 'Here is a long answer.' })
    this.feed({ type: 'replyEnded', utteranceId, isEmpty: false })
    return this.audible(utteranceId)
  }

  finished(utteranceId: string): this {
    this.feed({
      type: 'playoutFinished',
      epoch: 0,
      utteranceId,
      segmentId: `${utteranceId}-0`,
      positionMs: 1000,
      interrupted: false,
    })
    return this
  }

  all<K extends TurnEffect['type']>(type: K): (Extract<TurnEffect, { type: K }> & { atMs: number })[] {
    return this.timed.flatMap(({ atMs, effect }) =>
      // The filter on the type makes it that member of the union.
      effect.type === type ? [{ ...(effect as Extract<TurnEffect, { type: K }>), atMs }] : [],
    )
  }

  /** Committed turns: instant and text. */
  get commits(): { atMs: number; text: string }[] {
    return this.all('commitUserTurn').map(({ atMs, turn }) => ({ atMs, text: turn.text }))
  }

  /** Kinds of effects in order, timers left out. */
  get kinds(): string[] {
    return this.timed
      .map(({ effect }) => effect.type)
      .filter((type) => type !== 'setTimer' && type !== 'cancelTimer' && type !== 'notify')
  }

  receipt(what: string): TurnReceipt | undefined {
    return this.receipts.find((receipt) => receipt.what === what)
  }
}
