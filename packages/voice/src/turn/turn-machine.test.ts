import { expect, test } from 'vitest'
import { settingsWith, Timeline } from './__fixtures__/timeline.ts'

test('a turn is committed, answered and heard', () => {
  const call = new Timeline()
    .speak(1000)
    .interim(1500, 'I want', 'x')
    .final(2100, 'I want a refund', { id: 'x' })
    .silence(2000)
  expect(call.to(2600).commits).toEqual([{ atMs: 2500, text: 'I want a refund' }])
  expect(call.state.shownAgent).toBe('thinking')
  call.reply('u1', { turnId: 'turn-1' })
  expect(call.all('startReply')).toMatchObject([{ utteranceId: 'u1', atMs: 2600 }])
  call.to(2700).audible('u1')
  expect(call.state.shownAgent).toBe('speaking')
  call.to(3000).finished('u1')
  expect(call.state.shownAgent).toBe('listening')
  expect([...call.timers.keys()]).toEqual(['idle'])
})

test('a committed turn says what it is made of', () => {
  const call = new Timeline()
  call.at(0, { type: 'language', language: 'de' })
  call.speak(100)
  call.at(900, { type: 'sttFinal', id: 'a', text: 'Guten Tag', confidence: 0.9 })
  call.at(950, { type: 'sttFinal', id: 'b', text: 'Herr Huber', confidence: 0.7, language: 'de-AT' })
  call.silence(1000).to(2000)
  expect(call.all('commitUserTurn')[0]?.turn).toEqual({
    turnId: 'turn-1',
    text: 'Guten Tag Herr Huber',
    startedAtMs: 100,
    lastVoicedAtMs: 1000,
    transcriptIds: ['a', 'b'],
    language: 'de-AT',
    confidence: 0.7,
    source: 'speech',
    asksAgent: true,
  })
})

test('TM-17 what a person could ask about has a receipt with inputs and deadline', () => {
  const call = new Timeline().plays('u1').speak(1000).to(1600).silence(1600).to(3600)
  call.speak(5000).to(5600).final(5700, 'now I really mean it').silence(5700).to(9000)
  const receipts = call.receipts.map(({ what }) => what)
  expect(receipts).toEqual([
    'suspected',
    'paused',
    'decisionOpened',
    'waited',
    'waited',
    'discarded',
    'resumed',
    'suspected',
    'paused',
    'interrupted',
    'decisionOpened',
    'waited',
    'speculation',
    'speculation',
    'committed',
  ])
  expect(call.receipt('suspected')?.data).toEqual({ startedAtMs: 1000, deadlineMs: 1500 })
  expect(call.receipt('paused')).toMatchObject({ atMs: 1500, data: { spokeMs: 500, minSpeechMs: 500 } })
  expect(call.receipt('decisionOpened')?.data).toMatchObject({ trigger: 'vad', anchorMs: 1600, deadlineMs: 2100 })
  expect(call.receipt('waited')?.data).toMatchObject({ for: 'silence', deadlineMs: 2100 })
  expect(call.receipt('discarded')?.data).toMatchObject({ reason: 'noText', anchorMs: 1600 })
  expect(call.receipt('resumed')?.data).toMatchObject({ pausedMs: 2100, falseTimeoutMs: 2000 })
  expect(call.receipt('interrupted')?.data).toMatchObject({ reason: 'speech', utteranceIds: ['u1'], wasAudible: true })
  expect(call.receipt('committed')?.data).toMatchObject({
    trigger: 'vad',
    anchorMs: 5700,
    delayMs: 500,
    asksAgent: true,
  })
})

test('C-12 closing commits what was said, cuts what is said, and leaves no timer', () => {
  const call = new Timeline().plays('u1', { interruptible: false }).reply('u2')
  call.speak(1000).interim(1500, 'and one more').to(1600)
  call.feed({ type: 'command', command: { kind: 'close' } })
  expect(call.all('interrupt')).toMatchObject([{ plan: { reason: 'closed', utteranceIds: ['u1', 'u2'] } }])
  expect(call.all('commitUserTurn')).toMatchObject([
    { turn: { text: 'and one more', fromInterim: true, asksAgent: false } },
  ])
  expect(call.state.shownAgent).toBe('closing')
  expect([...call.timers]).toEqual([])
  call.reply('u3').feed({ type: 'vadStart', speechStartedAtMs: 0, probability: 1 })
  expect(call.all('dropUtterance')).toMatchObject([{ utteranceId: 'u3', reason: 'closed' }])
})

test('a manual commit waits for the final that is on its way, and for nothing else', () => {
  const call = new Timeline().speak(0).interim(500, 'one two', 'x').to(1000)
  call.feed({ type: 'command', command: { kind: 'commit' } })
  expect(call.all('finalizeStt')).toHaveLength(1)
  expect(call.commits).toEqual([])
  expect(call.final(1200, 'one two three', { id: 'x' }).commits).toEqual([{ atMs: 1200, text: 'one two three' }])
  const late = new Timeline().speak(0).interim(500, 'one two', 'x').to(1000)
  late.feed({ type: 'command', command: { kind: 'commit' } })
  expect(late.to(9000).commits).toEqual([{ atMs: 2000, text: 'one two' }])
})

test('clearing forgets what was said', () => {
  const call = new Timeline().speak(0).final(900, 'never mind').silence(1000)
  call.feed({ type: 'command', command: { kind: 'clear' } })
  expect(call.to(9000).commits).toEqual([])
  expect(call.all('dropUserText')).toMatchObject([{ text: 'never mind', reason: 'cleared' }])
})

test('a timer that was cancelled or is not due yet changes nothing', () => {
  const call = new Timeline().speak(0).final(900, 'a question').silence(1000)
  expect(call.feed({ type: 'timerFired', timer: 'decision' })).toEqual([
    { type: 'setTimer', timer: 'decision', atMs: 1500 },
  ])
  expect(call.feed({ type: 'timerFired', timer: 'falseInterruption' })).toEqual([])
  expect(call.feed({ type: 'timerFired', timer: 'nothing of ours' })).toEqual([])
})

test('lost media end the speech and hold back what is to be said', () => {
  const call = new Timeline().speak(0).to(1000)
  call.feed({ type: 'mediaLost' })
  call.reply('u1')
  expect(call.state.shownUser).toBe('silent')
  expect(call.all('startReply')).toEqual([])
  call.to(3000)
  call.feed({ type: 'mediaResumed' })
  expect(call.all('startReply')).toHaveLength(1)
})

test('realtime: a provider tells speech and turns, and nothing waits for text', () => {
  const call = new Timeline(settingsWith({ source: 'realtime', turns: 'server' }))
  call.at(100, { type: 'providerSpeechStarted', itemId: 'i' })
  expect(call.state.shownUser).toBe('speaking')
  call.at(900, { type: 'providerSpeechStopped', itemId: 'i' })
  call.to(2000)
  expect(call.commits).toEqual([])
  call.at(2000, { type: 'providerTurn', itemId: 'i' })
  expect(call.commits).toEqual([{ atMs: 2000, text: '' }])
})
