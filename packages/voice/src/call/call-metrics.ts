import type { ChannelId } from '@parley/spec'
import {
  createLatencyBudget,
  type LatencyBudget,
  type LatencyBudgetOptions,
  type LatencyRemedy,
} from '../metrics/latency-budget.ts'
import {
  createTurnMetrics,
  flatReport,
  recordTurn,
  type TurnMetrics,
  type TurnReport,
} from '../metrics/turn-metrics.ts'
import type { TurnEffect } from '../turn/turn-effects.ts'
import type { TurnEvent } from '../turn/turn-events.ts'
import { noteReceipt, type CallCore } from './call-core.ts'
import type { Spoken } from './speaking.ts'

/** Turns whose numbers are remembered. */
const REMEMBERED = 100

/** What a turn of a call took. */
export interface CallTurnReport {
  turnId: string
  report: TurnReport
}

/** Measures a call's turns by what the machine is told and decides (voice.md 19). */
export class CallMetrics {
  readonly #core: () => CallCore
  readonly #open = new Map<string, TurnMetrics>()
  /** Which turn an utterance answers. */
  readonly #answers = new Map<string, string>()
  readonly #budget: LatencyBudget
  readonly turns: CallTurnReport[] = []
  #current: TurnMetrics = createTurnMetrics()
  #finalAtMs: number | undefined
  #pausedAtMs: number | undefined
  #silentAtMs: number | undefined
  #switchedTo: ChannelId | null | undefined
  #isFillerDue = false
  /** What is done at present to answer sooner. */
  readonly #remedies = new Set<LatencyRemedy>()

  /** @throws {ParleyError} `invalid_options` */
  constructor(core: () => CallCore, budget: LatencyBudgetOptions) {
    this.#core = core
    this.#budget = createLatencyBudget(budget)
  }

  /** Whether something is done at present to answer sooner. */
  takes(remedy: LatencyRemedy): boolean {
    return this.#remedies.has(remedy)
  }

  /** Whether the next answer will probably be late, and a filler is wanted; asked once. */
  takeFillerDue(): boolean {
    const isDue = this.#isFillerDue
    this.#isFillerDue = false
    return isDue
  }

  /** What the machine was told. */
  event(event: TurnEvent, nowMs: number): void {
    switch (event.type) {
      case 'sttFinal':
        this.#finalAtMs = nowMs
        return
      case 'replyStarted':
        if (event.turnId === undefined) return
        this.#answers.set(event.utteranceId, event.turnId)
        this.#open.get(event.turnId)?.mark('modelRequest', nowMs)
        return
      case 'replyDelta':
        return this.#of(event.utteranceId)?.content({ text: event.text }, nowMs)
      case 'toolCallStarted':
        return this.#of(event.utteranceId)?.content({ isToolCall: true }, nowMs)
      case 'turnSettled':
        return this.#settled(event.turnId)
      default:
        return
    }
  }

  /** What the machine decided. */
  effect(effect: TurnEffect, nowMs: number): void {
    switch (effect.type) {
      case 'commitUserTurn': {
        const { turnId, lastVoicedAtMs, source, asksAgent } = effect.turn
        if (!asksAgent) return
        const metrics = createTurnMetrics()
        metrics.mark('lastVoiced', Math.min(lastVoicedAtMs, nowMs))
        metrics.mark('commit', nowMs)
        if (source === 'speech' && this.#finalAtMs !== undefined) metrics.mark('finalReceived', this.#finalAtMs)
        this.#current = metrics
        this.#open.set(turnId, metrics)
        return
      }
      case 'pauseOutput':
        this.#pausedAtMs = nowMs
        return
      case 'resumeOutput':
        this.#pausedAtMs = undefined
        return
      case 'interrupt': {
        const { utteranceIds, reason, clear } = effect.plan
        const metrics = this.#of(utteranceIds[0] ?? '') ?? this.#current
        metrics.count('interruptions')
        if (clear && (reason === 'speech' || reason === 'turn' || this.#pausedAtMs !== undefined)) {
          metrics.mark('bargeInThreshold', this.#thresholdMs())
          metrics.mark('farSilence', this.#pausedAtMs ?? nowMs)
        }
        this.#pausedAtMs = undefined
        return
      }
      case 'speculate':
        return this.#current.speculation('started')
      case 'adoptSpeculation':
        return this.#current.speculation('adopted')
      case 'notify':
        if (effect.event === 'falseInterruption') this.#current.count('falseInterruptions')
        if (effect.event === 'backchannel') this.#current.count('backchannels')
        if (effect.event === 'cutIn') this.#current.count('cutIns')
        return
      default:
        return
    }
  }

  /** Tokens of a speculation that nobody heard. */
  wasted(tokens: number): void {
    this.#current.speculation('wasted', tokens)
  }

  /** Time that a hook took between the final text and the commit. */
  hook(turnId: string, ms: number): void {
    this.#open.get(turnId)?.hook(ms)
  }

  sentence(utteranceId: string, stage: 'sent' | 'audio' | 'captured'): void {
    const instant = stage === 'sent' ? 'firstSentenceSent' : stage === 'audio' ? 'firstAudio' : 'firstCaptured'
    this.#of(utteranceId)?.mark(instant, this.#core().parts.access.clock.monotonicMs())
  }

  /** An utterance is audible. */
  audible({ utterance, audibleAtMs }: Spoken): void {
    const atMs = audibleAtMs ?? this.#core().parts.access.clock.monotonicMs()
    if (utterance.kind === 'filler') return this.#current.mark('fillerAudible', atMs)
    this.#of(utterance.id)?.mark('firstAudible', atMs)
    if (this.#switchedTo === undefined || utterance.agentId !== this.#switchedTo) return
    if (this.#silentAtMs !== undefined) this.#current.mark('handoffSilence', this.#silentAtMs)
    this.#current.mark('handoffAudible', atMs)
    this.#switchedTo = undefined
  }

  /** An utterance is over. */
  silent(): void {
    this.#silentAtMs = this.#core().parts.access.clock.monotonicMs()
  }

  /** Another agent has the call. */
  switched(agentId: ChannelId | null): void {
    this.#switchedTo = agentId
  }

  /** What is still open is told as far as it came. */
  close(): void {
    for (const turnId of this.#open.keys()) this.#settled(turnId)
  }

  #of(utteranceId: string): TurnMetrics | undefined {
    return this.#open.get(this.#answers.get(utteranceId) ?? '')
  }

  /** When the speech that cut the agent crossed what makes it an interruption. */
  #thresholdMs(): number {
    const { speechStartedMs, parts } = this.#core()
    const { interruption, vad } = parts.settings
    return speechStartedMs + (interruption.mode === 'immediate' ? vad.minSpeechMs : interruption.minSpeechMs)
  }

  #settled(turnId: string): void {
    const metrics = this.#open.get(turnId)
    if (metrics === undefined) return
    this.#open.delete(turnId)
    for (const [utteranceId, answered] of this.#answers) if (answered === turnId) this.#answers.delete(utteranceId)
    const core = this.#core()
    const { access, endpoint, id } = core.parts
    const report = metrics.report()
    this.turns.push({ turnId, report })
    if (this.turns.length > REMEMBERED) this.turns.shift()
    const flat = flatReport(report)
    noteReceipt(core, 'metrics', { turnId, ...flat })
    recordTurn(access.telemetry, report, { 'parley.call.id': id })
    core.emitter.emit({ type: 'metrics', turnId, metrics: flat })
    endpoint.show?.({ type: 'metrics', metrics: flat })
    this.#watchLatency(turnId, report)
  }

  #watchLatency(turnId: string, report: TurnReport): void {
    const core = this.#core()
    const overrun = this.#budget.observe(report)
    if (overrun !== null) noteReceipt(core, 'latencyOverrun', { turnId, ...overrun, stages: { ...overrun.stages } })
    const forecast = this.#budget.forecast()
    if (forecast?.misses === false && this.#remedies.size > 0) {
      noteReceipt(core, 'latencyRemedy', { turnId, remedy: null, expectedMs: forecast.expectedMs })
      this.#remedies.clear()
    }
    if (overrun === null || forecast?.misses !== true || forecast.remedy === null) return
    noteReceipt(core, 'latencyRemedy', { turnId, remedy: forecast.remedy, expectedMs: forecast.expectedMs })
    this.#remedies.add(forecast.remedy)
    if (forecast.remedy === 'filler') this.#isFillerDue = true
  }
}
