import { assertNever, type Json } from '@parley/spec'
import type { InterruptPlan, TurnEffect, TurnReceipt } from '../turn/turn-effects.ts'
import { isForAgent } from './addressee.ts'
import { hookPayload, hookScope, noteReceipt, stageFailed, type CallCore } from './call-core.ts'
import { showState } from './call-room.ts'
import type { LineSpeaker } from './say-line.ts'

/** Runs one decision of the turn machine. Timers are the driver's. */
export function runEffect(core: CallCore, lines: LineSpeaker, effect: TurnEffect): void {
  const { hearing, speaking, userTurns } = core
  core.spans.effect(effect)
  core.metrics.effect(effect, core.parts.access.clock.monotonicMs())
  const { endpoint } = core.parts
  switch (effect.type) {
    case 'setTimer':
    case 'cancelTimer':
      return
    case 'predictTurn':
      return predict(core, effect)
    case 'finalizeStt':
      return hearing.finalize()
    case 'feedSttSilence':
      return hearing.silence(effect.ms)
    case 'gateStt':
      return hearing.setGated(effect.gated)
    case 'askEcho':
      return judgeEcho(core)
    case 'askBackchannel':
      return judgeBackchannel(core, effect)
    case 'commitUserTurn':
      if (effect.turn.asksAgent) core.mustHear.turnCommitted(effect.turn.turnId)
      userTurns.commit(effect.turn)
      if (effect.turn.asksAgent && core.metrics.takeFillerDue()) lines.filler('')
      return
    case 'amendUserTurn':
      return userTurns.amend(effect.turnId, effect.text, effect.asksAgent)
    case 'dropUserText':
      // The machine has said so in a receipt; there is nothing to be done.
      return
    case 'startReply':
      return speaking.launch(effect.utteranceId)
    case 'holdLaunch':
    case 'releaseLaunch':
      return speaking.hold(effect.utteranceId, effect.type === 'holdLaunch')
    case 'dropUtterance':
      return speaking.drop(effect.utteranceId)
    case 'speculate':
      // A greeting is the answer to the first words of who was called.
      if (core.opening.answers({ startedAtMs: core.speechStartedMs }) || !isForAgent(core, effect)) return
      return core.speculations.run(effect)
    case 'adoptSpeculation':
    case 'abortSpeculation':
      return core.speculations.run(effect)
    case 'pauseOutput':
      if (endpoint.output.pause() && endpoint.info.capabilities.pause === 'rewind') core.recording?.cleared()
      return
    case 'resumeOutput':
      return endpoint.output.resume()
    case 'interrupt':
      return interrupt(core, effect.plan)
    case 'playFiller':
      return lines.filler(effect.utteranceId)
    case 'playBackchannel':
      return lines.backchannel()
    case 'apologize':
      return lines.apologize()
    case 'playPrompt':
      return lines.prompt(effect.count)
    case 'hangUp':
      return lines.hangUp(effect.reason)
    case 'restartStage':
      return restart(core, effect.stage, effect.attempt)
    case 'setState':
      core.user = effect.user
      core.agent = effect.agent
      core.layers.thinking(effect.agent === 'thinking')
      core.emitter.emit({ type: 'state', user: effect.user, agent: effect.agent })
      return showState(core)
    case 'notify':
      return notify(core, effect.event, effect.data)
    default:
      return assertNever(effect)
  }
}

/** Keeps why the machine decided. */
export function keepReceipt(core: CallCore, { what, atMs, data }: TurnReceipt): void {
  noteReceipt(core, what, { atMs: Math.floor(atMs), ...data })
}

function predict(core: CallCore, { decisionId, text }: Extract<TurnEffect, { type: 'predictTurn' }>): void {
  const { turnDetector, access, abort } = core.parts
  const { language = 'en' } = core
  if (turnDetector === undefined) return
  const { thresholds } = turnDetector.info
  const threshold = thresholds[language] ?? thresholds[language.split('-')[0] ?? ''] ?? thresholds['default'] ?? 0.5
  const answer = (probability: number | null): void =>
    core.driver.feed({ type: 'turnPrediction', decisionId, probability, threshold })
  turnDetector
    .predict({
      turns: core.lastTurns,
      text,
      language,
      signal: abort.signal,
      ...(core.hint === undefined ? {} : { hint: core.hint }),
    })
    .then(answer, (error: unknown) => {
      // The call goes on by its timers; that the detector fails is said once.
      if (!core.hasDetectorFailed) access.reportError(error, 'turnDetector', core.parts.roomId)
      core.hasDetectorFailed = true
      answer(null)
    })
}

function judgeEcho(core: CallCore): void {
  const { echo } = core.parts
  if (echo === undefined) return
  const { verdict, confidence } = echo.judge(core.speechStartedMs)
  core.driver.feed({ type: 'echoVerdict', verdict, confidence })
}

function judgeBackchannel(
  core: CallCore,
  { id, text, durationMs }: Extract<TurnEffect, { type: 'askBackchannel' }>,
): void {
  const { backchannel, access, roomId } = core.parts
  const { language } = core
  const answer = (isBackchannel: boolean): void => core.driver.feed({ type: 'backchannelVerdict', id, isBackchannel })
  if (backchannel === undefined) return answer(false)
  try {
    const verdict = backchannel.isBackchannel({ text, durationMs, ...(language === undefined ? {} : { language }) })
    if (typeof verdict === 'boolean') return answer(verdict)
    verdict.then(answer, (error: unknown) => {
      access.reportError(error, 'backchannel', roomId)
      answer(false)
    })
  } catch (error) {
    access.reportError(error, 'backchannel', roomId)
    answer(false)
  }
}

/** B-1: far end and sound first, then what makes the text, then the books, then hooks. */
function interrupt(core: CallCore, plan: InterruptPlan): void {
  const { speaking, parts } = core
  const first = plan.utteranceIds[0]
  speaking.interrupt(plan.utteranceIds, { clear: plan.clear, cancelGeneration: plan.cancelGeneration })
  if (plan.clear) {
    core.recording?.cleared()
    parts.echo?.cleared(parts.access.clock.monotonicMs())
  }
  if (first === undefined) return
  const heardText = speaking.get(first)?.utterance.heardText() ?? core.ledger.heardText(first)
  core.emitter.emit({ type: 'interrupted', utteranceId: first, heardText, reason: plan.reason })
  parts.access.fire('onBargeIn', { ...hookPayload(core), utteranceId: first, heardText }, hookScope(core))
}

function restart(core: CallCore, stage: 'vad' | 'stt' | 'output', attempt: number): void {
  noteReceipt(core, 'restart', { stage, attempt })
  if (stage === 'output') return
  core.hearing.restart(stage)
}

/** What a stage broke with, if it said so, is told with its stall. */
function stalled(core: CallCore, stage: string): void {
  const error = core.stageErrors.get(stage)
  core.stageErrors.delete(stage)
  stageFailed(core, stage, error)
}

function notify(core: CallCore, event: string, data: { [key: string]: Json }): void {
  const { access } = core.parts
  const utteranceId = typeof data['utteranceId'] === 'string' ? data['utteranceId'] : ''
  const text = typeof data['text'] === 'string' ? data['text'] : ''
  const payload = hookPayload(core)
  const scope = hookScope(core)
  switch (event) {
    case 'speechStart':
      return access.fire('onSpeechStart', payload, scope)
    case 'speechEnd':
      return access.fire('onSpeechEnd', { ...payload, durationMs: Number(data['durationMs'] ?? 0) }, scope)
    case 'falseInterruption': {
      const resumed = data['resumed'] === true
      core.emitter.emit({ type: 'falseInterruption', utteranceId, resumed })
      return access.fire('onFalseInterruption', { ...payload, utteranceId, resumed }, scope)
    }
    case 'backchannel':
      core.emitter.emit({ type: 'backchannel', text })
      return access.fire('onBackchannel', { ...payload, text }, scope)
    case 'turnIncomplete':
      return access.fire('onTurnIncomplete', { ...payload, text, reason: textOf(data['reason']) }, scope)
    case 'stall':
      return stalled(core, textOf(data['stage']) || 'unknown')
    default:
      return
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
