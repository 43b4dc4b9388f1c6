import { expect, test } from 'vitest'
import { settingsWith, Timeline } from './__fixtures__/timeline.ts'

test('TM-11 speech over the cap commits what is there, and says so', () => {
  const call = new Timeline().speak(0)
  for (let second = 5; second < 60; second += 5) call.final(second * 1000, `part ${second}`)
  call.to(59_999)
  expect(call.commits).toEqual([])
  call.to(60_000)
  expect(call.all('commitUserTurn')[0]?.turn).toMatchObject({ truncated: 'maxTurn', asksAgent: true })
  expect(call.all('notify').map(({ event }) => event)).toContain('turnTruncated')
  // What follows is a turn of its own.
  call.final(61_000, 'and more').silence(61_500).to(63_000)
  expect(call.commits.at(-1)).toEqual({ atMs: 62_000, text: 'and more' })
})

test('TM-11 the agent listens until they have finished, or interjects where it may', () => {
  const run = (cutIn: 'listen' | 'interject') => {
    const call = new Timeline(settingsWith({ userTurn: { cutIn, maxWords: 3 } }))
      .speak(0)
      .final(2000, 'one two three four')
    call.reply('u1', { turnId: 'turn-1' })
    return call
  }
  const listening = run('listen')
  expect(listening.all('startReply')).toEqual([])
  expect(listening.silence(3000).to(4000).all('startReply')).toHaveLength(1)
  expect(run('interject').all('startReply')).toHaveLength(1)
})

test('TM-11 music keeps no turn open', () => {
  const call = new Timeline().speak(0).reply('u1').to(59_999)
  expect(call.all('startReply')).toEqual([])
  call.to(60_000)
  expect(call.state.shownUser).toBe('silent')
  expect(call.all('startReply')).toHaveLength(1)
  expect(call.commits).toEqual([])
})

test('TM-13 a recognizer that gives no text for 5 s of speech is restarted once, then its fallback takes over', () => {
  const call = new Timeline().speak(0).to(4999)
  expect(call.all('restartStage')).toEqual([])
  call.to(5000)
  expect(call.all('restartStage')).toMatchObject([{ stage: 'stt', attempt: 1 }])
  expect(call.all('notify')).toContainEqual({
    type: 'notify',
    event: 'stall',
    data: { stage: 'stt', attempt: 1 },
    atMs: 5000,
  })
  call.silence(6000).speak(10_000).to(16_000)
  expect(call.all('restartStage')).toMatchObject([{ attempt: 1 }, { stage: 'stt', attempt: 2 }])
  call.final(16_500, 'there it is').silence(17_000).speak(20_000).to(26_000)
  expect(call.all('restartStage').at(-1)).toMatchObject({ attempt: 1 })
})

test('TM-13 a recognizer without interims has until its net after the speech', () => {
  const settings = settingsWith({ stages: { sttInterim: false } })
  const call = new Timeline(settings).speak(0).to(9000)
  expect(call.all('restartStage')).toEqual([])
  call.silence(9000).to(20_000)
  expect(call.all('restartStage')).toMatchObject([{ stage: 'stt', atMs: 14_000 }])
})

test('TM-13 speech detection that fails is restarted, and text alone ends turns meanwhile', () => {
  const call = new Timeline().speak(0).interim(500, 'I want', 'x').to(1000)
  call.feed({ type: 'vadFailed' })
  expect(call.state.shownUser).toBe('silent')
  expect(call.all('restartStage')).toMatchObject([{ stage: 'vad', attempt: 1 }])
  call.final(1200, 'I want a refund', { id: 'x', lastWordEndMs: 900 }).to(3000)
  expect(call.commits).toEqual([{ atMs: 1500, text: 'I want a refund' }])
  call.feed({ type: 'vadFailed' })
  expect(call.all('restartStage').at(-1)).toMatchObject({ attempt: 2 })
})

test('an open turn in which nothing happens is decided after 5 s', () => {
  const call = new Timeline().interim(1000, 'detection missed this').to(5999)
  expect(call.commits).toEqual([])
  expect(call.to(6000).commits).toEqual([{ atMs: 6000, text: 'detection missed this' }])
})

test('speech without text is told', () => {
  const call = new Timeline().speak(0).silence(1000).to(4999)
  expect(call.all('notify').map(({ event }) => event)).not.toContain('noTranscript')
  call.to(5000)
  expect(call.all('notify').map(({ event }) => event)).toContain('noTranscript')
  const heard = new Timeline().speak(0).final(900, 'words').silence(1000).to(9000)
  expect(heard.all('notify').map(({ event }) => event)).not.toContain('noTranscript')
})

test('mutual silence makes the person away, then there are prompts, then an end', () => {
  const call = new Timeline(settingsWith({ idle: { awayMs: 15_000, prompts: 2, hangupMs: 20_000 } }))
  call.plays('u1').to(1000).finished('u1').to(15_999)
  expect(call.state.shownUser).toBe('silent')
  call.to(16_000)
  expect(call.state.shownUser).toBe('away')
  expect(call.all('playPrompt')).toMatchObject([{ count: 1 }])
  call.plays('p1', { kind: 'prompt' }).to(18_000).finished('p1').to(33_000)
  expect(call.all('playPrompt')).toMatchObject([{ count: 1 }, { count: 2 }])
  call.plays('p2', { kind: 'prompt' }).to(35_000).finished('p2').to(54_999)
  expect(call.all('hangUp')).toEqual([])
  expect(call.to(55_000).all('hangUp')).toMatchObject([{ reason: 'idle' }])
})

test('a person who speaks is back', () => {
  const call = new Timeline(settingsWith({ idle: { prompts: 1 } })).plays('u1').finished('u1').to(15_000)
  expect(call.state.shownUser).toBe('away')
  expect(call.speak(16_000).state.shownUser).toBe('speaking')
  expect(call.state.idlePrompts).toBe(0)
})

test('by default nobody is prompted or cut off', () => {
  const call = new Timeline().plays('u1').finished('u1').to(3_600_000)
  expect(call.all('playPrompt')).toEqual([])
  expect(call.all('hangUp')).toEqual([])
  expect([...call.timers]).toEqual([])
})

test('TM-14 an agent that has nothing to say does not end the wait for the one that answers', () => {
  const call = new Timeline().speak(0).final(900, 'hello there').silence(1_000).after(2_000)
  const turnId = call.state.awaiting?.turnId ?? ''
  call.reply('u1', { turnId }).reply('u2', { turnId })
  call.feed({ type: 'replyEnded', utteranceId: 'u2', isEmpty: true })
  expect(call.state.awaiting?.turnId).toBe(turnId)
  call.after(30_000)
  expect(call.all('apologize')).toMatchObject([{ turnId }])
})

test('T-4 a tool that waits for the person is no silence to fill', () => {
  const settings = settingsWith({ filler: { enabled: true, lines: ['One moment.'] } })
  const call = new Timeline(settings).speak(0).final(900, 'hello there').silence(1_000).after(2_000)
  call.reply('u1').feed({ type: 'toolCallStarted', utteranceId: 'u1', callId: 'c1' })
  call.feed({ type: 'command', command: { kind: 'ask', on: true } })
  call.after(5_000)
  expect(call.all('playFiller')).toEqual([])
  expect(call.state.shownAgent).toBe('listening')
  call.feed({ type: 'command', command: { kind: 'ask', on: false } })
  call.after(1_000)
  expect(call.all('playFiller')).toHaveLength(1)
})
