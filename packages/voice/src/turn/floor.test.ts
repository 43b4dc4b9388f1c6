import { expect, test } from 'vitest'
import { settingsWith, Timeline } from './__fixtures__/timeline.ts'

const committed = (text = 'a question'): Timeline => new Timeline().speak(0).final(900, text).silence(1000).to(1500)

test('TM-12 a person who speaks while the agent thinks holds its launch until silence and decision', () => {
  const call = committed().reply('u1', { turnId: 'turn-1' })
  expect(call.all('startReply')).toMatchObject([{ utteranceId: 'u1' }])
  call.speak(2000)
  expect(call.all('holdLaunch')).toMatchObject([{ utteranceId: 'u1', atMs: 2000 }])
  call.final(2900, 'and another one').silence(3000).to(3500)
  expect(call.all('releaseLaunch')).toEqual([])
  // The new turn takes the place of the old one: its answer is never spoken.
  expect(call.all('interrupt')).toMatchObject([{ plan: { reason: 'turn', utteranceIds: ['u1'] } }])
  expect(call.commits.map(({ text }) => text)).toEqual(['a question', 'and another one'])
})

test('TM-12 a cough while thinking releases the launch at once: the answer is heard', () => {
  const call = committed().reply('u1', { turnId: 'turn-1' })
  call.speak(2000).silence(2300)
  expect(call.all('releaseLaunch')).toMatchObject([{ utteranceId: 'u1', atMs: 2550 }])
  call.audible('u1').to(9000)
  expect(call.commits).toHaveLength(1)
  expect(call.all('interrupt')).toEqual([])
})

test('TM-12 longer sound without text holds the launch until the false timeout at most', () => {
  const call = new Timeline(settingsWith({ endpointing: { sttNetMs: 4000 } }))
    .speak(0)
    .final(900, 'a question')
    .silence(1000)
    .to(1500)
  call.reply('u1', { turnId: 'turn-1' }).speak(2000).silence(2600).to(4599)
  expect(call.all('releaseLaunch')).toEqual([])
  expect(call.to(4600).all('releaseLaunch')).toHaveLength(1)
})

test('TM-12 a reply that is asked for while the person speaks is not started', () => {
  const call = new Timeline().speak(0).reply('u1')
  expect(call.all('startReply')).toEqual([])
  expect(call.all('holdLaunch')).toMatchObject([{ utteranceId: 'u1' }])
  call.silence(300)
  expect(call.all('startReply')).toMatchObject([{ utteranceId: 'u1', atMs: 550 }])
})

test('C-6 the queue is by priority, then first in first out, 16 deep, and full it drops the lowest', () => {
  const call = new Timeline().plays('u0')
  for (let index = 1; index <= 14; index++) call.reply(`n${index}`)
  call.reply('low', { priority: 0 }).reply('high', { priority: 10 })
  expect(call.all('dropUtterance')).toEqual([])
  call.reply('more')
  expect(call.all('dropUtterance')).toMatchObject([{ utteranceId: 'low', reason: 'queueFull' }])
  call.reply('last', { priority: 0 })
  expect(call.all('dropUtterance')[1]).toMatchObject({ utteranceId: 'last' })
  call.finished('u0').audible('high').finished('high').audible('n1').finished('n1')
  expect(call.all('startReply').map(({ utteranceId }) => utteranceId)).toEqual(['u0', 'high', 'n1', 'n2'])
})

test('C-6 the gap between utterances is kept, the longer of the two settings', () => {
  const call = new Timeline(settingsWith({ minSpeechGapMs: 100, minConsecutiveSpeechMs: 300 }))
    .plays('u1')
    .reply('u2')
    .to(1000)
    .finished('u1')
  expect(call.to(1299).all('startReply')).toHaveLength(1)
  expect(call.to(1300).all('startReply')[1]).toMatchObject({ utteranceId: 'u2' })
})

test('an empty reply gives the floor back, and so does one that fails', () => {
  const call = new Timeline().reply('u1').reply('u2').reply('u3')
  call.feed({ type: 'replyEnded', utteranceId: 'u1', isEmpty: true })
  call.feed({ type: 'replyFailed', utteranceId: 'u2' })
  expect(call.all('startReply').map(({ utteranceId }) => utteranceId)).toEqual(['u1', 'u2', 'u3'])
})

test('TM-14 an answer that does not become audible is given up for an apology, and the next turn is answered', () => {
  const call = committed().reply('u1', { turnId: 'turn-1' }).to(16_499)
  expect(call.all('apologize')).toEqual([])
  call.to(16_500)
  expect(call.all('apologize')).toMatchObject([{ turnId: 'turn-1' }])
  expect(call.all('interrupt')).toMatchObject([{ plan: { reason: 'failed', utteranceIds: ['u1'] } }])
  expect(call.state.shownAgent).toBe('listening')
  call.speak(20_000).final(20_900, 'hello again').silence(21_000).to(22_000).reply('u2', { turnId: 'turn-2' })
  expect(call.commits).toHaveLength(2)
  expect(call.all('startReply').at(-1)?.utteranceId).toBe('u2')
})

test('TM-14 a reply that fails before it was heard is followed by an apology', () => {
  const call = committed().reply('u1', { turnId: 'turn-1' })
  call.feed({ type: 'replyFailed', utteranceId: 'u1' })
  expect(call.all('apologize')).toHaveLength(1)
  expect(call.state.shownAgent).toBe('listening')
})

test('TM-14 an interrupted agent listens at once, whatever the output says', () => {
  const call = new Timeline(settingsWith({ interruption: { mode: 'immediate' } })).plays('u1').speak(1000)
  expect(call.state.shownAgent).toBe('listening')
  expect(call.state.floorId).toBe(null)
})

test('TM-13 TM-14 sound that was sent and of which nothing is heard is given up', () => {
  const call = new Timeline().reply('u1')
  call.feed({ type: 'replyEnded', utteranceId: 'u1', isEmpty: false })
  // The voice has 10 s to make the first sound, the output 10 s to let it be heard.
  call.to(19_999)
  expect(call.all('restartStage')).toEqual([])
  call.to(20_000)
  expect(call.all('restartStage')).toMatchObject([{ stage: 'output', attempt: 1 }])
  expect(call.all('interrupt')).toMatchObject([{ plan: { reason: 'stalled', utteranceIds: ['u1'] } }])
})

test('progress of playout keeps the floor for as long as it lasts', () => {
  const call = new Timeline().plays('u1')
  for (let second = 1; second < 60; second++) {
    call.at(second * 1000, {
      type: 'playoutProgress',
      epoch: 0,
      utteranceId: 'u1',
      segmentId: 's',
      positionMs: second * 1000,
    })
  }
  expect(call.state.floorId).toBe('u1')
  expect(call.to(80_000).state.floorId).toBe(null)
})

test('a turn that nobody answers is not waited for', () => {
  const call = committed()
  call.feed({ type: 'turnSettled', turnId: 'turn-1' })
  expect(call.state.shownAgent).toBe('listening')
  expect(call.to(20_000).all('apologize')).toEqual([])
})

test('a late reply to a turn that was superseded is refused', () => {
  const call = committed().speak(2000).final(2900, 'no, this').silence(3000).to(3500)
  call.reply('u1', { turnId: 'turn-1' }).reply('u2', { turnId: 'turn-2' })
  expect(call.all('dropUtterance')).toMatchObject([{ utteranceId: 'u1', reason: 'superseded' }])
  expect(call.all('startReply').map(({ utteranceId }) => utteranceId)).toEqual(['u2'])
})

test('an utterance can be taken back: queued it is dropped, playing it is cut alone', () => {
  const call = new Timeline().plays('u1').reply('u2').reply('u3')
  call.feed({ type: 'command', command: { kind: 'cancelUtterance', utteranceId: 'u2' } })
  expect(call.all('dropUtterance')).toMatchObject([{ utteranceId: 'u2', reason: 'cancelled' }])
  call.feed({ type: 'command', command: { kind: 'cancelUtterance', utteranceId: 'u1' } })
  expect(call.all('interrupt')).toMatchObject([{ plan: { utteranceIds: ['u1'] } }])
  expect(call.all('startReply').at(-1)?.utteranceId).toBe('u3')
})

test('T-4 a filler waits for silence of both sides, any speech restarts the wait, and it ends with the tool', () => {
  const settings = settingsWith({
    filler: { enabled: true, lines: ['One moment.'], delayMs: 800, intervalMs: 6000, max: 2 },
  })
  const call = new Timeline(settings).reply('u1')
  call.feed({ type: 'toolCallStarted', utteranceId: 'u1', callId: 'c' })
  call.speak(500).silence(700).to(1499)
  expect(call.all('playFiller')).toEqual([])
  call.to(2600)
  expect(call.all('playFiller')).toMatchObject([{ utteranceId: 'u1' }])
  expect(call.to(30_000).all('playFiller')).toHaveLength(2)
  const quick = new Timeline(settings).reply('u1')
  quick.feed({ type: 'toolCallStarted', utteranceId: 'u1', callId: 'c' })
  quick.at(500, { type: 'toolCallEnded', utteranceId: 'u1', callId: 'c' })
  expect(quick.to(9000).all('playFiller')).toEqual([])
})

test('a line that a tool waits for is heard before the rest of its reply, and the answer does not cut it', () => {
  const call = committed().reply('u1', { turnId: 'turn-1' })
  call.feed({ type: 'toolCallStarted', utteranceId: 'u1', callId: 'c' })
  call.feed({ type: 'command', command: { kind: 'ask', on: true } })
  call.plays('p1', { kind: 'prompt' })
  expect(call.all('holdLaunch')).toMatchObject([{ utteranceId: 'u1' }])
  expect(call.all('startReply').map(({ utteranceId }) => utteranceId)).toEqual(['u1', 'p1'])
  call.at(3000, { type: 'dtmf', digit: '1' })
  expect(call.all('interrupt')).toMatchObject([{ plan: { reason: 'dtmf', utteranceIds: ['p1'] } }])
  expect(call.all('startReply').at(-1)?.utteranceId).toBe('u1')
  call.speak(4000).final(4500, 'yes').silence(4600).to(6000)
  expect(call.commits.at(-1)?.text).toBe('yes')
  expect(call.all('interrupt')).toHaveLength(1)
  call.feed({ type: 'command', command: { kind: 'ask', on: false } })
  call.feed({ type: 'toolCallEnded', utteranceId: 'u1', callId: 'c' })
  call.audible('u1')
  expect(call.state.shownAgent).toBe('speaking')
})

test('keys while the agent thinks do not take the answer away', () => {
  const call = committed().reply('u1', { turnId: 'turn-1' })
  call.feed({ type: 'dtmf', digit: '1' })
  expect(call.all('interrupt')).toEqual([])
})

test('what is heard meanwhile puts the end of the wait for the answer off', () => {
  const call = committed().reply('u1', { turnId: 'turn-1' })
  call.to(10_000).feed({ type: 'playoutStarted', epoch: 0, utteranceId: 'filler', segmentId: 's', positionMs: 0 })
  expect(call.to(16_600).all('apologize')).toEqual([])
  expect(call.to(25_000).all('apologize')).toHaveLength(1)
})
