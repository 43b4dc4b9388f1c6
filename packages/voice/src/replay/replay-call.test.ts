import { ParleyError, type Json } from '@parley/spec'
import { expect, test } from 'vitest'
import type { VoiceSettings } from '../options/voice-settings.ts'
import { settingsWith, Timeline } from '../turn/__fixtures__/timeline.ts'
import type { CallLog } from './call-log.ts'
import { replayCall } from './replay-call.ts'

/** A question with a pause in it, an answer, a cough into the answer, and a second question. */
function recorded(settings: VoiceSettings): CallLog {
  const call = new Timeline(settings).speak(0).final(900, 'I have a question').silence(1000)
  call.speak(1700).final(2400, 'about my order').silence(2500).to(3100)
  const answer = (id: string): void => {
    const turnId = call.all('commitUserTurn').at(-1)?.turn.turnId ?? ''
    call.to(3200).plays(id, { turnId })
  }
  answer('u1')
  call.speak(4000).silence(4400).to(8000).finished('u1')
  call.speak(9000).final(9500, 'thank you').silence(9600).to(12_000)
  // As a store has it.
  const steps = JSON.parse(JSON.stringify(call.log)) as { atMs: number; event: Json; effects: Json }[]
  return { settings, steps }
}

test('the same settings give the same effects, byte for byte', () => {
  const log = recorded(settingsWith())
  expect(replayCall(log)).toEqual({ kind: 'exact', steps: log.steps.length, difference: null })
})

test('the first difference is found and shown', () => {
  const log = recorded(settingsWith())
  const step = log.steps.findIndex(({ effects }) => JSON.stringify(effects).includes('commitUserTurn'))
  const steps = log.steps.map((logged, index) => (index === step ? { ...logged, effects: [] } : logged))
  const result = replayCall({ ...log, steps })
  expect(result).toMatchObject({ kind: 'exact', difference: { step, expected: '[]' } })
  expect(JSON.stringify(result)).toContain('commitUserTurn')
})

test('a longer delay joins what a pause had parted, and says what it costs', () => {
  const log = recorded(settingsWith())
  const change = {
    ...log.settings,
    endpointing: { ...log.settings.endpointing, minDelayMs: 800, plainMinDelayMs: 800 },
  }
  const result = replayCall(log, { settings: change })
  if (result.kind !== 'forecast') throw new Error('no forecast')
  expect(result.turns.map(({ recorded: then, replayed: now }) => [then?.text, now?.text])).toEqual([
    ['I have a question', 'I have a question about my order'],
    ['about my order', 'thank you'],
    ['thank you', undefined],
  ])
  expect(result.latencyChangeMs).toBe(300)
})

test('a longer minSpeechMs lets the answer go on through the cough', () => {
  const log = recorded(settingsWith())
  const settings = { ...log.settings, interruption: { ...log.settings.interruption, minSpeechMs: 700 } }
  const result = replayCall(log, { settings })
  if (result.kind !== 'forecast') throw new Error('no forecast')
  const paused = (receipts: readonly { what: string }[]): number =>
    receipts.filter(({ what }) => what === 'paused').length
  expect(paused(result.receipts.recorded)).toBe(1)
  expect(paused(result.receipts.replayed)).toBe(0)
  expect(result.turns).toEqual([])
})

test('immediate interruption would have cut the answer', () => {
  const log = recorded(settingsWith())
  const settings: VoiceSettings = { ...log.settings, interruption: { ...log.settings.interruption, mode: 'immediate' } }
  expect(replayCall(log, { settings })).toMatchObject({ interruptionsAvoided: -1 })
})

test('the settings of then forecast what was', () => {
  const log = recorded(settingsWith())
  expect(replayCall(log, { settings: log.settings })).toMatchObject({
    kind: 'forecast',
    turns: [],
    cutInsAvoided: 0,
    interruptionsAvoided: 0,
    latencyChangeMs: 0,
  })
})

test('a log that is none is refused', () => {
  const log = { settings: settingsWith(), steps: [{ atMs: 0, event: null, effects: [] }] }
  expect(() => replayCall(log)).toThrow(ParleyError)
})
