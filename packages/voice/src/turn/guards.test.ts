import { expect, test } from 'vitest'
import { settingsWith, Timeline } from './__fixtures__/timeline.ts'

test('TM-10 while uninterruptible the recognizer hears silence, and a turn that still appears is dropped', () => {
  const call = new Timeline().plays('u1', { interruptible: false })
  expect(call.all('gateStt')).toMatchObject([{ gated: true, atMs: 0 }])
  call.speak(1000).final(1500, 'let me say something').silence(1600).to(4000)
  expect(call.all('pauseOutput')).toEqual([])
  expect(call.commits).toEqual([])
  expect(call.all('dropUserText')).toMatchObject([{ text: 'let me say something', reason: 'uninterruptible' }])
  expect(call.receipt('discarded')?.data).toMatchObject({ reason: 'uninterruptible' })
  call.finished('u1')
  expect(call.all('gateStt')).toMatchObject([{ gated: true }, { gated: false, atMs: 4000 }])
})

test('TM-10 queue keeps what is said, and takes it when the agent has finished', () => {
  const call = new Timeline(settingsWith({ interruption: { whileUninterruptible: 'queue' } })).plays('u1', {
    interruptible: false,
  })
  call.speak(1000).final(1500, 'let me say something').silence(1600).to(4000)
  expect(call.all('gateStt')).toEqual([])
  expect(call.commits).toEqual([])
  call.finished('u1').to(6000)
  expect(call.commits).toEqual([{ atMs: 4000, text: 'let me say something' }])
})

test('TM-10 queued segments are at most eight: the oldest go', () => {
  const call = new Timeline(settingsWith({ interruption: { whileUninterruptible: 'queue' } })).plays('u1', {
    interruptible: false,
  })
  for (let index = 0; index < 10; index++) {
    const fromMs = 800 * (index + 1)
    call
      .speak(fromMs)
      .final(fromMs + 300, `part${index}`)
      .silence(fromMs + 400)
  }
  call.to(9500).finished('u1').to(14_000)
  expect(call.commits.map(({ text }) => text)).toEqual(['part2 part3 part4 part5 part6 part7 part8 part9'])
  expect(call.all('dropUserText').map(({ text }) => text)).toEqual(['part0', 'part1'])
})

test('the first agent speech has a warm-up in which sound does not cut it', () => {
  const call = new Timeline(settingsWith({ interruption: { warmupMs: 3000, mode: 'immediate' } }))
    .plays('u1')
    .speak(1000)
  expect(call.receipt('bargeInBlocked')?.data).toMatchObject({ guard: 'warmup' })
  call.to(2999)
  expect(call.all('interrupt')).toEqual([])
  // Somebody who still speaks then is heard.
  expect(call.to(3000).all('interrupt')).toHaveLength(1)
  call.silence(3100).to(9000).plays('u2').speak(9100)
  expect(call.all('interrupt')).toHaveLength(2)
})

test('protectFirstMs keeps the start of each utterance', () => {
  const call = new Timeline(settingsWith({ interruption: { protectFirstMs: 500, mode: 'immediate' } }))
    .plays('u1')
    .speak(200)
  expect(call.to(499).all('interrupt')).toEqual([])
  expect(call.to(500).all('interrupt')).toHaveLength(1)
})

test.each([
  ['firstUtterance', 1],
  ['untilFirstUserTurn', 2],
] as const)('guard %s', (guard, heardUninterrupted) => {
  const call = new Timeline(settingsWith({ interruption: { guards: [guard], mode: 'immediate' } }))
  for (let index = 1; index <= 2; index++) {
    const fromMs = index * 10_000
    call
      .to(fromMs)
      .plays(`u${index}`)
      .speak(fromMs + 100)
      .silence(fromMs + 200)
      .to(fromMs + 5000)
    expect(call.all('interrupt').length > 0, `utterance ${index}`).toBe(index > heardUninterrupted)
    call.finished(`u${index}`)
  }
})

test('guard duringTools', () => {
  const call = new Timeline(settingsWith({ interruption: { guards: ['duringTools'], mode: 'immediate' } })).reply('u1')
  call.feed({ type: 'toolCallStarted', utteranceId: 'u1', callId: 'c' })
  call.audible('u1').speak(100)
  expect(call.all('interrupt')).toEqual([])
  call.feed({ type: 'toolCallEnded', utteranceId: 'u1', callId: 'c' })
  expect(call.all('interrupt')).toHaveLength(1)
})

test('TM-15 muting ends the open speech at once, and nobody waits for a muted person', () => {
  const call = new Timeline().speak(0).final(800, 'that is all').to(1000)
  call.feed({ type: 'muted', muted: true })
  expect(call.state.shownUser).toBe('silent')
  call.feed({ type: 'sttFinal', id: 'nothing-more', text: '' })
  expect(call.commits).toEqual([{ atMs: 1000, text: 'that is all' }])
  call.speak(2000).to(9000)
  expect(call.state.shownUser).toBe('silent')
  expect(call.commits).toHaveLength(1)
})

test('TM-15 push-to-talk: pressing interrupts at once, letting go commits after the recognizer', () => {
  const call = new Timeline().plays('u1')
  call.at(1000, { type: 'talk', down: true })
  expect(call.all('interrupt')).toMatchObject([{ atMs: 1000, plan: { reason: 'speech' } }])
  // A pause in between decides nothing.
  call.speak(1200).interim(1500, 'hello', 'x').silence(1600).to(4000)
  expect(call.commits).toEqual([])
  call.at(4000, { type: 'talk', down: false })
  expect(call.all('finalizeStt')).toHaveLength(1)
  call.final(4200, 'hello there', { id: 'x' })
  expect(call.commits).toEqual([{ atMs: 4200, text: 'hello there' }])
})

test('TM-16 while a person has the room, turns are written down and nobody is asked', () => {
  const call = new Timeline().plays('u1')
  call.feed({ type: 'roomMode', mode: 'human' })
  expect(call.all('interrupt')).toMatchObject([{ plan: { reason: 'mode', utteranceIds: ['u1'] } }])
  call.speak(1000).final(1500, 'hello colleague').silence(1600).to(4000)
  expect(call.all('commitUserTurn')[0]?.turn).toMatchObject({ text: 'hello colleague', asksAgent: false })
  expect(call.state.awaiting).toBe(null)
  call.reply('u2')
  expect(call.all('dropUtterance')).toMatchObject([{ utteranceId: 'u2', reason: 'mode' }])
  call.feed({ type: 'roomMode', mode: 'agent' })
  call.speak(5000).final(5500, 'hello agent').silence(5600).to(8000)
  expect(call.all('commitUserTurn')[1]?.turn).toMatchObject({ asksAgent: true })
})

test('on hold the person drives nothing', () => {
  const call = new Timeline()
  call.feed({ type: 'command', command: { kind: 'hold' } })
  call.speak(1000).final(1500, 'is anybody there').silence(1600).to(9000)
  expect(call.commits).toEqual([])
  expect(call.state.shownUser).toBe('silent')
  call.feed({ type: 'command', command: { kind: 'resume' } })
  call.speak(10_000).final(10_500, 'now you hear me').silence(10_600).to(19_000)
  expect(call.commits.map(({ text }) => text)).toEqual(['now you hear me'])
})

test('AM-2 nothing is spoken before it is known who answered', () => {
  const call = new Timeline()
  call.feed({ type: 'command', command: { kind: 'startAmd' } })
  call.reply('u1', { kind: 'greeting' }).to(5000)
  expect(call.all('startReply')).toEqual([])
  call.feed({ type: 'amdVerdict', verdict: 'human', confidence: 1 })
  expect(call.all('startReply')).toMatchObject([{ utteranceId: 'u1', atMs: 5000 }])
  const none = new Timeline()
  none.feed({ type: 'command', command: { kind: 'startAmd' } })
  none.reply('u1', { kind: 'greeting' }).to(40_000)
  expect(none.all('startReply')).toMatchObject([{ atMs: 30_000 }])
})

test('HO-4 a freeze makes no decision, ends after 12 s at the latest, and decides then what was said', () => {
  const call = new Timeline().speak(0).final(800, 'before and during').to(900)
  call.feed({ type: 'command', command: { kind: 'freeze' } })
  call.silence(1000).to(12_899)
  expect(call.commits).toEqual([])
  call.to(12_900)
  expect(call.commits).toEqual([{ atMs: 12_900, text: 'before and during' }])
  expect(call.all('notify').map(({ event }) => event)).toContain('freezeExpired')
})

test('HO-4 speaking silences the agent during a freeze too, and a thaw decides at once', () => {
  const call = new Timeline(settingsWith({ interruption: { mode: 'immediate' } })).plays('u1')
  call.feed({ type: 'command', command: { kind: 'freeze' } })
  call.speak(1000).final(1800, 'stop it').silence(1900).to(4000)
  expect(call.all('interrupt')).toMatchObject([{ atMs: 1000 }])
  call.feed({ type: 'command', command: { kind: 'thaw' } })
  expect(call.commits).toEqual([{ atMs: 4000, text: 'stop it' }])
  expect(call.timers.has('freeze')).toBe(false)
})
