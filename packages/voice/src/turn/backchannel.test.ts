import { expect, test } from 'vitest'
import { settingsWith, Timeline } from './__fixtures__/timeline.ts'

const talking = (): Timeline => {
  const call = new Timeline().reply('u1')
  call.feed({ type: 'replyDelta', utteranceId: 'u1', text: 'This is a long explanation.' })
  call.feed({ type: 'replyEnded', utteranceId: 'u1', isEmpty: false })
  return call.audible('u1')
}

function answer(call: Timeline, isBackchannel: boolean): Timeline {
  call.feed({ type: 'backchannelVerdict', id: call.all('askBackchannel').at(-1)?.id ?? '', isBackchannel })
  return call
}

test('B-9 "mm-hm" leaves the agent speaking, is written down as such, and asks nobody', () => {
  const call = talking().speak(3000).final(3400, 'Mm-hm.').silence(3400)
  expect(call.all('askBackchannel')).toMatchObject([{ text: 'Mm-hm.', atMs: 3400 }])
  const early = talking().speak(3000).final(3400, 'Mm-hm.')
  answer(early, true).silence(3450).to(9000)
  expect(early.all('commitUserTurn')).toMatchObject([
    { turn: { text: 'Mm-hm.', isBackchannel: true, asksAgent: false } },
  ])
  expect(early.all('interrupt')).toEqual([])
  expect(early.all('notify')).toContainEqual(
    expect.objectContaining({ event: 'backchannel', data: { text: 'Mm-hm.' } }),
  )
})

test('B-9 a pause ends at once when it was for "mm-hm"', () => {
  const call = talking().speak(3000).silence(3600).to(3900).final(3950, 'mm-hm')
  expect(call.all('pauseOutput')).toHaveLength(1)
  answer(call, true)
  expect(call.all('resumeOutput')).toMatchObject([{ atMs: 3950 }])
  expect(call.state.shownAgent).toBe('speaking')
})

test('B-9 "wait, no" stops the agent: by the judgement, or when none comes in time', () => {
  const refused = answer(talking().speak(3000).final(3400, 'wait, no'), false)
  expect(refused.all('interrupt')).toMatchObject([{ atMs: 3400, plan: { reason: 'speech' } }])
  const late = talking().speak(3000).final(3400, 'wait, no').to(3549)
  expect(late.all('interrupt')).toEqual([])
  expect(late.to(3550).all('interrupt')).toHaveLength(1)
  expect(
    late
      .silence(3500)
      .to(9000)
      .commits.map(({ text }) => text),
  ).toEqual(['wait, no'])
})

test.each([
  ['too many words', (call: Timeline) => call.speak(3000).final(3400, 'yes yes yes yes')],
  ['too long', (call: Timeline) => call.speak(3000).final(4201, 'mm-hm')],
  ['too near to the start', (call: Timeline) => call.speak(999).final(1300, 'mm-hm')],
])('B-9 %s is no backchannel', (_name, say) => {
  const call = say(talking())
  expect(call.all('askBackchannel')).toEqual([])
  expect(call.all('interrupt')).toHaveLength(1)
})

test('B-9 after a question "mm-hm" is an answer', () => {
  const call = talking()
  call.feed({ type: 'replyDelta', utteranceId: 'u1', text: ' Shall I go on?' })
  call.speak(3000).final(3400, 'mm-hm')
  expect(call.all('interrupt')).toHaveLength(1)
})

test('B-9 near the end of the speech it is an answer: decided when the agent has finished', () => {
  const call = answer(talking().speak(3000).final(3400, 'mm-hm'), true).silence(3400).to(3900).finished('u1').to(9000)
  expect(call.all('commitUserTurn')).toMatchObject([{ turn: { text: 'mm-hm', asksAgent: true } }])
  expect(call.all('commitUserTurn')[0]?.turn.isBackchannel).toBe(undefined)
})

test('B-9 only adaptive interruption knows backchannels', () => {
  const call = new Timeline(settingsWith({ interruption: { mode: 'confirmed' } }))
    .plays('u1')
    .speak(3000)
    .final(3400, 'mm-hm')
  expect(call.all('askBackchannel')).toEqual([])
  expect(call.all('interrupt')).toHaveLength(1)
})

test('B-10 the agent says "mm-hm" at a pause of a long turn, at most so often, and endpointing goes on', () => {
  const settings = settingsWith({
    agentBackchannel: { enabled: true },
    endpointing: { plainMinDelayMs: 900, minDelayMs: 900 },
  })
  const call = new Timeline(settings).speak(0).interim(2000, 'a long story', 'x').silence(3900)
  call.speak(4200).silence(5000).to(5250)
  expect(call.all('playBackchannel')).toMatchObject([{ atMs: 5250 }])
  call.speak(5300).silence(6000)
  expect(call.all('playBackchannel')).toHaveLength(1)
  call.speak(6300).silence(12_000).speak(12_400).silence(19_000).speak(19_400).silence(26_000)
  expect(call.all('playBackchannel').map(({ atMs }) => atMs)).toEqual([5250, 12_250, 19_250])
  call.final(26_300, 'a long story with an end', { id: 'x' }).to(30_000)
  expect(call.commits).toEqual([{ atMs: 26_900, text: 'a long story with an end' }])
})

test('B-10 it is off by default, and silent where the pause was noticed too late', () => {
  const off = new Timeline().speak(0).interim(1000, 'a story', 'x').silence(5000)
  expect(off.all('playBackchannel')).toEqual([])
  const late = new Timeline(settingsWith({ agentBackchannel: { enabled: true } }))
    .speak(0)
    .interim(1000, 'a story', 'x')
    .silence(5000, 701)
  expect(late.all('playBackchannel')).toEqual([])
})
