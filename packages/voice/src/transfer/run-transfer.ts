import { assertNever } from '@parley/spec'
import type { Clock, Disposer, MediaEndpoint } from '@parley/spec'
import { createColdTransfer } from './cold-transfer.ts'
import type { DialOut, DialResult } from './dial-out.ts'
import type { TransferRequest, TransferResult } from './transfer-options.ts'
import type { TransferEffect, TransferEvent, TransferTimer } from './transfer-step.ts'
import { createWarmTransfer } from './warm-transfer.ts'

/** What a transfer does to its call. Promises settle when speech is over, however it ended; each has a bound here. */
export interface TransferPorts {
  clock: Clock
  dialOut: DialOut
  /** Speaks to the caller. */
  sayToCaller(text: string): Promise<void>
  hold(on: boolean): void
  /** Speaks to the person. */
  sayToPerson(leg: MediaEndpoint, text: string): Promise<void>
  /** A leg has been answered and is to be listened to: its keys, words and hang-up go to the running transfer. */
  onLeg(leg: MediaEndpoint): void
  connect(leg: MediaEndpoint): void
  merge(leg: MediaEndpoint, agentAfter: 'leave' | 'monitor'): void
  resumeAgent(result: TransferResult): void
  /** What a port has thrown; the transfer goes on as if the part was over. */
  onError(error: unknown): void
}

/** One transfer on its way. */
export interface RunningTransfer {
  /** What it came to. */
  readonly result: Promise<TransferResult>
  /** Tells it what has happened. Events that do not fit change nothing. */
  tell(
    event: Exclude<TransferEvent, { type: 'start' | 'dialed' | 'timerFired' | 'announced' | 'briefed' | 'told' }>,
  ): void
}

/**
 * Transfers a call.
 * @throws {ParleyError} `invalid_options`
 */
export function runTransfer(request: TransferRequest, ports: TransferPorts): RunningTransfer {
  const machine = request.kind === 'cold' ? createColdTransfer(request) : createWarmTransfer(request)
  const { clock } = ports
  const { promise, resolve } = Promise.withResolvers<TransferResult>()
  const timers = new Map<TransferTimer, Disposer>()
  let state = machine.initial
  let leg: MediaEndpoint | undefined
  let dialing: AbortController | undefined

  const feed = (event: TransferEvent): void => {
    const step = machine.step(state, event, clock.monotonicMs())
    state = step.state
    for (const effect of step.effects) perform(effect)
  }
  /** Does something that lasts; the event follows however it ended. */
  const follow = (done: Promise<void>, event: TransferEvent): void => {
    done.catch(ports.onError).then(() => feed(event), ports.onError)
  }
  const closeLeg = (closing: MediaEndpoint | undefined): void => void closing?.close('transfer').catch(ports.onError)
  const dial = async (to: string, timeoutMs: number): Promise<void> => {
    const controller = new AbortController()
    dialing = controller
    const result: DialResult = await ports.dialOut
      .dial(to, { timeoutMs, signal: controller.signal })
      .catch((error: unknown): DialResult => {
        if (!controller.signal.aborted) ports.onError(error)
        return { outcome: 'failed' }
      })
    if (result.outcome !== 'accepted') return feed({ type: 'dialed', result })
    leg = result.leg
    ports.onLeg(leg)
    feed({ type: 'dialed', result: { outcome: 'accepted' } })
  }

  const perform = (effect: TransferEffect): void => {
    switch (effect.type) {
      case 'setTimer':
        timers.get(effect.timer)?.()
        timers.set(
          effect.timer,
          clock.setTimer(effect.atMs - clock.monotonicMs(), () => feed({ type: 'timerFired', timer: effect.timer })),
        )
        return
      case 'cancelTimer':
        timers.get(effect.timer)?.()
        timers.delete(effect.timer)
        return
      case 'announce':
        return follow(ports.sayToCaller(effect.text), { type: 'announced' })
      case 'sayTransferred':
        return void ports.sayToCaller(effect.text).catch(ports.onError)
      case 'hold':
        return ports.hold(effect.on)
      case 'dial':
        return void dial(effect.to, effect.timeoutMs).catch(ports.onError)
      case 'cancelDial':
        return dialing?.abort()
      case 'brief':
        return leg === undefined ? undefined : follow(ports.sayToPerson(leg, effect.text), { type: 'briefed' })
      case 'tell':
        return leg === undefined ? undefined : follow(ports.sayToPerson(leg, effect.text), { type: 'told' })
      case 'connect':
        return leg === undefined ? undefined : ports.connect(leg)
      case 'merge':
        return leg === undefined ? undefined : ports.merge(leg, effect.agentAfter)
      case 'closeLeg':
        closeLeg(leg)
        leg = undefined
        return
      case 'resumeAgent':
        return ports.resumeAgent(effect.result)
      case 'settle':
        return resolve(effect.result)
      default:
        return assertNever(effect)
    }
  }

  feed({ type: 'start' })
  return Object.freeze({ result: promise, tell: feed })
}
