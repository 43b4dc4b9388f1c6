import { assertNever } from '@parley/spec'
import type { Clock, Disposer } from '@parley/spec'
import type { AmdVerdict } from '../turn/verdicts.ts'
import {
  createAmdMachine,
  type AmdEffect,
  type AmdEvent,
  type AmdMachineOptions,
  type AmdReason,
  type AmdTimer,
} from './amd-machine.ts'

/** A model that is asked who answered, where words and timing leave it open. */
export interface AmdClassifier {
  /** Answers with one of the verdicts; anything else counts as no answer. */
  classify(input: { text: string; speechMs: number; language?: string; signal: AbortSignal }): Promise<AmdVerdict>
}

/** What detection needs of its call. */
export interface AmdPorts {
  clock: Clock
  classifier?: AmdClassifier
  /** Once: who answered, and what decided it. */
  onVerdict(verdict: AmdVerdict, by: AmdReason): void
  /** Once at most: nothing may be spoken before. */
  onMaySpeak(): void
  /** What the classifier has thrown; timing decides then. */
  onError(error: unknown): void
}

/** Detection on one outbound call. */
export interface RunningAmd {
  /** Tells it what happens on the line, from `answered` on. Events that do not fit change nothing. */
  tell(event: Exclude<AmdEvent, { type: 'timerFired' | 'classified' }>): void
  /** Ends it without a verdict. Idempotent. */
  close(): void
}

const verdicts: ReadonlySet<unknown> = new Set<AmdVerdict>(['human', 'machine', 'ivr', 'unavailable', 'uncertain'])

/**
 * Finds out who answers a call.
 * @throws {ParleyError} `invalid_options`
 */
export function runAmd(options: Omit<AmdMachineOptions, 'hasClassifier'>, ports: AmdPorts): RunningAmd {
  const { clock, classifier } = ports
  const machine = createAmdMachine({ ...options, hasClassifier: classifier !== undefined })
  const timers = new Map<AmdTimer, Disposer>()
  let state = machine.initial
  let asking: AbortController | undefined
  let isClosed = false

  const feed = (event: AmdEvent): void => {
    if (isClosed) return
    const step = machine.step(state, event, clock.monotonicMs())
    state = step.state
    for (const effect of step.effects) perform(effect)
  }
  const classify = async (text: string, speechMs: number): Promise<void> => {
    asking?.abort()
    const controller = new AbortController()
    asking = controller
    const language = state.language === null ? {} : { language: state.language }
    let verdict: AmdVerdict | null = null
    try {
      const answer = await classifier?.classify({ text, speechMs, ...language, signal: controller.signal })
      if (answer !== undefined && verdicts.has(answer)) verdict = answer
    } catch (error) {
      if (!controller.signal.aborted) ports.onError(error)
    }
    // Who was asked anew, or waited for in vain, has no say any more.
    if (!controller.signal.aborted) feed({ type: 'classified', verdict })
  }
  const stopTimer = (timer: AmdTimer): void => {
    timers.get(timer)?.()
    timers.delete(timer)
    if (timer === 'classifier') asking?.abort()
  }

  const perform = (effect: AmdEffect): void => {
    switch (effect.type) {
      case 'setTimer': {
        const { timer, atMs } = effect
        timers.get(timer)?.()
        timers.set(
          timer,
          clock.setTimer(Math.max(0, atMs - clock.monotonicMs()), () => {
            timers.delete(timer)
            feed({ type: 'timerFired', timer })
          }),
        )
        return
      }
      case 'cancelTimer':
        return stopTimer(effect.timer)
      case 'classify':
        return void classify(effect.text, effect.speechMs)
      case 'verdict':
        return ports.onVerdict(effect.verdict, effect.by)
      case 'maySpeak':
        return ports.onMaySpeak()
      default:
        return assertNever(effect)
    }
  }

  return Object.freeze({
    tell: feed,
    close() {
      isClosed = true
      for (const timer of timers.keys()) stopTimer(timer)
      asking?.abort()
    },
  })
}
