import { noTelemetry } from '@parley/spec'
import { expect, test } from 'vitest'

import { createLatencyBudget, latencyBudgetDefaults } from './latency-budget.ts'
import { createTurnMetrics, flatReport, recordTurn, type TurnReport } from './turn-metrics.ts'

function wholeTurn(): TurnReport {
  const turn = createTurnMetrics()
  turn.mark('lastVoiced', 500)
  turn.mark('lastVoiced', 1_000)
  turn.mark('finalReceived', 1_200)
  turn.mark('commit', 1_300)
  turn.hook(20)
  turn.hook(5)
  turn.mark('modelRequest', 1_250)
  turn.content({ text: ' ' }, 1_260)
  turn.content({}, 1_270)
  turn.content({ text: 'Hi' }, 1_400)
  turn.content({ text: ' there' }, 1_500)
  turn.mark('firstSentenceSent', 1_450)
  turn.mark('firstAudio', 1_550)
  turn.mark('firstCaptured', 1_560)
  turn.mark('fillerAudible', 1_500)
  turn.mark('firstAudible', 1_600)
  turn.mark('firstAudible', 9_000)
  turn.mark('bargeInThreshold', 2_000)
  turn.mark('farSilence', 2_030)
  turn.count('interruptions')
  turn.speculation('started')
  turn.speculation('adopted')
  turn.speculation('wasted', 42)
  return turn.report()
}

test('each number of a turn is the difference of its instants', () => {
  expect(wholeTurn()).toEqual({
    eouDelay: 300,
    transcriptionDelay: 200,
    hookDelay: 25,
    modelTtft: 150,
    modelTtftFromCommit: 100,
    ttsTtfb: 100,
    playbackLatency: 40,
    e2eLatency: 600,
    fillerLatency: 500,
    bargeInLatency: 30,
    interruptions: 1,
    falseInterruptions: 0,
    backchannels: 0,
    cutIns: 0,
    speculations: { started: 1, adopted: 1, tokensWasted: 42 },
  })
})

test('S-7 first content is neither empty nor white space; a tool call is content', () => {
  const turn = createTurnMetrics()
  turn.mark('modelRequest', 0)
  turn.content({ text: '' }, 10)
  turn.content({ text: '\n' }, 20)
  turn.content({ isToolCall: true }, 30)
  expect(turn.report().modelTtft).toBe(30)
})

test('T-5 the latency of an answer does not count its filler', () => {
  const turn = createTurnMetrics()
  turn.mark('lastVoiced', 0)
  turn.mark('fillerAudible', 800)
  turn.mark('firstAudible', 3_000)
  expect(turn.report()).toMatchObject({ e2eLatency: 3_000, fillerLatency: 800 })
})

test('an adopted speculation may have content before the commit: both numbers are given', () => {
  const turn = createTurnMetrics()
  turn.mark('modelRequest', 100)
  turn.mark('firstContent', 250)
  turn.mark('commit', 400)
  expect(turn.report()).toMatchObject({ modelTtft: 150, modelTtftFromCommit: -150 })
})

test('what did not happen is absent', () => {
  expect(flatReport(createTurnMetrics().report())).toEqual({
    interruptions: 0,
    falseInterruptions: 0,
    backchannels: 0,
    cutIns: 0,
    'speculations.started': 0,
    'speculations.adopted': 0,
    'speculations.tokensWasted': 0,
  })
})

test('numbers become histograms under their names', () => {
  const recorded = new Map<string, number>()
  recordTurn({ ...noTelemetry, record: (name, value) => void recorded.set(name, value) }, wholeTurn())
  expect(recorded.get('voice.eouDelay')).toBe(300)
  expect(recorded.get('voice.e2eLatency')).toBe(600)
})

const none = {
  interruptions: 0,
  falseInterruptions: 0,
  backchannels: 0,
  cutIns: 0,
  speculations: { started: 0, adopted: 0, tokensWasted: 0 },
}
const slow: TurnReport = {
  ...none,
  eouDelay: 400,
  hookDelay: 100,
  modelTtft: 900,
  ttsTtfb: 200,
  playbackLatency: 50,
  e2eLatency: 1_700,
}

test('defaults: the budget of an answer and its split', () => {
  expect(latencyBudgetDefaults).toEqual({
    totalMs: 1_500,
    split: { endpointing: 500, hooks: 50, model: 500, tts: 300, playback: 100, other: 50 },
    degrade: [],
    window: 5,
  })
})

test('an overrun is attributed to the stage that took the most beyond its share', () => {
  const budget = createLatencyBudget()
  expect(budget.observe({ ...slow, e2eLatency: 1_500 })).toBeNull()
  expect(budget.observe(slow)).toEqual({
    totalMs: 1_700,
    overMs: 200,
    stage: 'model',
    stages: { endpointing: 300, hooks: 100, model: 900, tts: 200, playback: 50, other: 150 },
  })
  expect(createLatencyBudget({ split: { model: 2_000 } }).observe(slow)?.stage).toBe('other')
  expect(budget.observe(none)).toBeNull()
})

test('while the forecast misses, remedies are named one after the other', () => {
  const budget = createLatencyBudget({ degrade: ['shorterContext', 'fallbackModel'] })
  expect(budget.forecast()).toBeNull()
  budget.observe(slow)
  expect(budget.forecast()).toEqual({ expectedMs: 1_700, misses: true, stage: 'model', remedy: 'shorterContext' })
  budget.observe(slow)
  budget.observe(slow)
  expect(budget.forecast()?.remedy).toBe('fallbackModel')
  for (let turn = 0; turn < 5; turn++) budget.observe({ ...slow, modelTtft: 100, e2eLatency: 900 })
  expect(budget.forecast()).toMatchObject({ misses: false, remedy: null })
  const without = createLatencyBudget()
  without.observe(slow)
  expect(without.forecast()).toMatchObject({ misses: true, remedy: null })
})
