import { expect, test } from 'vitest'
import { settingsWith, Timeline } from './__fixtures__/timeline.ts'

const mode = (name: 'immediate' | 'confirmed' | 'adaptive' | 'manual' | 'off', more: object = {}) =>
  settingsWith({ interruption: { mode: name, ...more } })

test('B-1 the interruption comes before the turn that made it, and falls in the order of the queue', () => {
  const call = new Timeline(mode('adaptive', { minSpeechMs: 5000 }))
    .plays('u1')
    .reply('low', { priority: 0 })
    .reply('high', { priority: 10 })
  call
    .speak(1000)
    .interim(1500, 'please stop', 'x')
    .silence(2000)
    .final(2200, 'please stop talking', { id: 'x' })
    .to(4000)
  expect(call.all('interrupt')).toMatchObject([
    { plan: { reason: 'speech', utteranceIds: ['u1', 'high', 'low'], clear: true, cancelGeneration: true } },
  ])
  const order = call.kinds.filter((kind) => kind === 'interrupt' || kind === 'commitUserTurn')
  expect(order).toEqual(['interrupt', 'commitUserTurn'])
})

test('B-2 the same policy judges detection, the transport and a provider', () => {
  const starts = (call: Timeline) => ({
    vad: () => call.speak(1000),
    provider: () => call.at(1000, { type: 'providerSpeechStarted', itemId: 'i' }),
    cut: () => call.at(1000, { type: 'providerInterrupted', itemId: 'i' }),
  })
  for (const source of ['vad', 'provider', 'cut'] as const) {
    const immediate = new Timeline(mode('immediate')).plays('u1')
    starts(immediate)[source]()
    expect(immediate.all('interrupt'), source).toMatchObject([{ atMs: 1000, plan: { reason: 'speech' } }])
    const off = new Timeline(mode('off')).plays('u1')
    starts(off)[source]()
    off.final(1500, 'many words of somebody').to(1900)
    expect(off.all('interrupt'), source).toEqual([])
    expect(off.all('pauseOutput'), source).toEqual([])
    off.feed({ type: 'command', command: { kind: 'interrupt', force: false } })
    expect(off.all('interrupt'), source).toMatchObject([{ plan: { reason: 'command' } }])
  }
})

test('B-2 an utterance that forbids it is cut by force only', () => {
  const call = new Timeline().plays('u1', { interruptible: false })
  call.at(1000, { type: 'command', command: { kind: 'interrupt', force: false } })
  expect(call.all('interrupt')).toEqual([])
  expect(call.receipt('ignored')?.data).toMatchObject({ reason: 'uninterruptible' })
  call.feed({ type: 'command', command: { kind: 'interrupt', force: true } })
  expect(call.all('interrupt')).toHaveLength(1)
})

test('B-3 a final alone interrupts where no sound was detected, and interims do not where it was', () => {
  const missed = new Timeline().plays('u1').final(2000, 'stop it now please')
  expect(missed.all('interrupt')).toMatchObject([{ plan: { reason: 'speech' } }])
  const interim = new Timeline(mode('adaptive', { minSpeechMs: 5000 }))
    .plays('u1')
    .speak(1000)
    .interim(2000, 'stop it now please')
  expect(interim.to(3000).all('interrupt')).toEqual([])
  const none = new Timeline(settingsWith({ stages: { vad: false } })).plays('u1').final(2000, 'stop it now please')
  expect(none.all('interrupt')).toHaveLength(1)
})

test('B-4 words that are too few are kept, and count together with what follows', () => {
  const call = new Timeline(mode('adaptive', { minWords: 3, minSpeechMs: 5000 })).plays('u1')
  call.speak(1000).final(1200, 'no but').silence(1300).to(2500)
  expect(call.all('interrupt')).toEqual([])
  expect(call.commits).toEqual([])
  call.speak(3000).final(3200, 'wait').silence(3300)
  expect(call.all('interrupt')).toHaveLength(1)
  expect(call.to(9000).commits.map(({ text }) => text)).toEqual(['no but wait'])
})

test('B-4 kept words are committed when the agent has finished', () => {
  const call = new Timeline(mode('adaptive', { minWords: 3, minSpeechMs: 5000 })).plays('u1')
  call.speak(1000).final(1200, 'no but').silence(1300).to(2500).finished('u1').to(4000)
  expect(call.commits).toEqual([{ atMs: 2500, text: 'no but' }])
})

test('B-5 an interruption stops at the first queued utterance that forbids it', () => {
  const call = new Timeline(mode('immediate')).plays('u1').reply('u2').reply('u3', { interruptible: false }).reply('u4')
  call.speak(1000)
  expect(call.all('interrupt')).toMatchObject([{ plan: { utteranceIds: ['u1', 'u2'] } }])
  expect(call.state.utterances.map(({ utteranceId }) => utteranceId)).toEqual(['u3', 'u4'])
})

test('B-6 cut before its first sound it is over at once, and late reports start nothing', () => {
  const call = new Timeline().reply('u1').after(100)
  call.feed({ type: 'command', command: { kind: 'interrupt', force: false } })
  expect(call.all('interrupt')).toHaveLength(1)
  call.audible('u1').to(200)
  expect(call.state.shownAgent).toBe('listening')
  expect(call.state.utterances).toEqual([])
})

test('B-7 a tool inside a cut reply is left running: the plan names the generation alone', () => {
  const call = new Timeline(mode('immediate')).reply('u1')
  call.feed({ type: 'toolCallStarted', utteranceId: 'u1', callId: 'c1' })
  call.audible('u1').speak(1000)
  expect(call.all('interrupt')).toMatchObject([{ plan: { utteranceIds: ['u1'], cancelGeneration: true } }])
  const before = call.timed.length
  call.feed({ type: 'toolCallEnded', utteranceId: 'u1', callId: 'c1' })
  expect(call.timed).toHaveLength(before)
})

test('B-8 reports of an older epoch or of a cut utterance change nothing', () => {
  const call = new Timeline().reply('u1')
  call.feed({ type: 'playoutStarted', epoch: 3, utteranceId: 'u1', segmentId: 's', positionMs: 0 })
  call.feed({ type: 'playoutFinished', epoch: 2, utteranceId: 'u1', segmentId: 's', positionMs: 9, interrupted: false })
  expect(call.state.floorId).toBe('u1')
  call.feed({ type: 'command', command: { kind: 'interrupt', force: false } })
  call.reply('u2')
  call.feed({ type: 'playoutFinished', epoch: 3, utteranceId: 'u1', segmentId: 's', positionMs: 9, interrupted: true })
  expect(call.state.floorId).toBe('u2')
})

test('a suspicion is weighed when speech has lasted, not at its start', () => {
  const call = new Timeline().plays('u1').speak(1000).to(1499)
  expect(call.all('pauseOutput')).toEqual([])
  call.to(1500)
  expect(call.all('pauseOutput')).toMatchObject([{ atMs: 1500 }])
  expect(call.state.shownAgent).toBe('listening')
  const short = new Timeline().plays('u1').speak(1000).silence(1200, 10).to(9000)
  expect(short.all('pauseOutput')).toEqual([])
  const late = new Timeline().plays('u1')
  late.at(2000, { type: 'vadStart', speechStartedAtMs: 1200, probability: 1 })
  expect(late.all('pauseOutput')).toMatchObject([{ atMs: 2000 }])
})

test("mode 'confirmed' cuts when speech has lasted, without a pause", () => {
  const call = new Timeline(mode('confirmed')).plays('u1').speak(1000).to(1500)
  expect(call.all('pauseOutput')).toEqual([])
  expect(call.all('interrupt')).toMatchObject([{ atMs: 1500, plan: { reason: 'speech' } }])
})

test('new speech keeps the pause, and the time counts from the last voiced instant', () => {
  const call = new Timeline().plays('u1').speak(1000).to(1600).silence(1600)
  call.speak(3000).silence(3400).to(5399)
  expect(call.all('resumeOutput')).toEqual([])
  expect(call.to(5400).all('resumeOutput')).toHaveLength(1)
  expect(call.receipt('resumed')?.data).toMatchObject({ pausedMs: 3900 })
})

test('a pause waits for an open decision, and one that fails counts as made', () => {
  const settings = settingsWith({ endpointing: { sttNetMs: 4000 } })
  const call = new Timeline(settings).plays('u1').speak(1000).silence(1600).to(5599)
  expect(call.all('resumeOutput')).toEqual([])
  expect(call.to(5600).all('resumeOutput')).toHaveLength(1)
})

test('without resume a pause that nothing follows is an interruption', () => {
  const call = new Timeline(mode('adaptive', { resume: false })).plays('u1').speak(1000).silence(1600).to(9000)
  expect(call.all('resumeOutput')).toEqual([])
  expect(call.all('interrupt')).toMatchObject([{ atMs: 3600, plan: { reason: 'speech' } }])
})

test('an output that cannot pause is cut when speech has lasted', () => {
  const call = new Timeline(settingsWith({ stages: { canPause: false } })).plays('u1').speak(1000).to(2000)
  expect(call.kinds.filter((kind) => kind === 'pauseOutput')).toEqual([])
  expect(call.all('interrupt')).toMatchObject([{ atMs: 1500 }])
})

test('our own echo pauses nothing', () => {
  const settings = settingsWith({ stages: { echo: true } })
  const call = new Timeline(settings).plays('u1').speak(1000)
  expect(call.all('askEcho')).toHaveLength(1)
  call.feed({ type: 'echoVerdict', verdict: 'echo', confidence: 0.9 })
  expect(call.to(1900).all('pauseOutput')).toEqual([])
  call.feed({ type: 'echoVerdict', verdict: 'speech', confidence: 0.9 })
  expect(call.to(1900).all('pauseOutput')).toHaveLength(1)
})

test('keys, typed words and commands cut at once, during warm-up too', () => {
  const settings = mode('adaptive', { warmupMs: 3000 })
  const key = new Timeline(settings).plays('u1')
  key.at(100, { type: 'dtmf', digit: '1' })
  expect(key.all('interrupt')).toMatchObject([{ plan: { reason: 'dtmf' } }])
  const typed = new Timeline(settings).plays('u1')
  typed.at(100, { type: 'typed', id: 'k', text: 'stop' })
  expect(typed.kinds.filter((kind) => kind === 'interrupt' || kind === 'commitUserTurn')).toEqual([
    'interrupt',
    'commitUserTurn',
  ])
  expect(typed.all('interrupt')).toMatchObject([{ plan: { reason: 'typed' } }])
  expect(typed.all('commitUserTurn')[0]?.turn).toMatchObject({ text: 'stop', source: 'typed', asksAgent: true })
})
