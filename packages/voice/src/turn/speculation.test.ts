import { expect, test } from 'vitest'
import { settingsWith, Timeline } from './__fixtures__/timeline.ts'

const said = (text: string, call = new Timeline()): Timeline => call.speak(0).final(900, text).silence(1000)

test('PG-1 a final before the commit starts a speculation, adopted when the turn is the same', () => {
  const call = said('I want a refund')
  expect(call.all('speculate')).toMatchObject([{ text: 'I want a refund', atMs: 1250 }])
  const id = call.all('speculate')[0]?.speculationId
  call.reply('u1', { speculative: true })
  expect(call.all('startReply')).toEqual([])
  call.to(1500)
  expect(call.all('adoptSpeculation')).toMatchObject([{ speculationId: id, atMs: 1500 }])
  expect(call.all('startReply')).toMatchObject([{ utteranceId: 'u1', atMs: 1500 }])
  const order = call.kinds.filter((kind) => ['commitUserTurn', 'adoptSpeculation', 'startReply'].includes(kind))
  expect(order).toEqual(['commitUserTurn', 'adoptSpeculation', 'startReply'])
})

test('PG-1 an eager transcript starts one while the person may still speak, and their going on ends it', () => {
  const call = new Timeline().speak(0)
  call.at(800, { type: 'sttEager', id: 'e', text: 'I want a refund' })
  expect(call.all('speculate')).toHaveLength(1)
  call.at(900, { type: 'sttResumed' })
  expect(call.all('abortSpeculation')).toHaveLength(1)
})

test('PG-1 other words, another language abort it; marks alone do not', () => {
  const changed = said('I want a').reply('u1', { speculative: true }).speak(1400).final(2000, 'refund')
  expect(changed.all('abortSpeculation')).toHaveLength(1)
  expect(changed.all('dropUtterance')).toMatchObject([{ utteranceId: 'u1', reason: 'aborted' }])
  const marks = said('i want a refund')
  marks.feed({ type: 'sttFinal', id: 'final-900', text: 'I want a refund.' })
  expect(marks.all('abortSpeculation')).toEqual([])
  expect(marks.to(1500).all('adoptSpeculation')).toHaveLength(1)
  const language = said('je voudrais')
  language.feed({ type: 'language', language: 'fr' })
  expect(language.all('abortSpeculation')).toHaveLength(1)
})

test('PG-1 at most three attempts in a turn, and none after ten seconds of speech', () => {
  const call = new Timeline()
  for (let index = 0; index < 5; index++) {
    call
      .speak(index * 600)
      .final(index * 600 + 100, `word${index}`)
      .silence(index * 600 + 200)
  }
  expect(call.all('speculate')).toHaveLength(3)
  const long = new Timeline().speak(0).final(10_000, 'a long story').silence(10_001)
  expect(long.all('speculate')).toEqual([])
})

test('PG-2 a turn with other words than foreseen aborts the speculation and asks anew', () => {
  const call = said('I want a').final(1300, 'refund')
  call.to(1500)
  expect(call.all('speculate').map(({ text }) => text)).toEqual(['I want a', 'I want a refund'])
  expect(call.all('abortSpeculation')).toHaveLength(1)
  expect(call.all('adoptSpeculation')[0]?.speculationId).toBe(call.all('speculate')[1]?.speculationId)
})

test('PG-4 no speculation while a tool lacks its output, on hold, in a handoff, or when it is off', () => {
  const tool = new Timeline().reply('u1')
  tool.feed({ type: 'toolCallStarted', utteranceId: 'u1', callId: 'c' })
  expect(said('hello', tool).all('speculate')).toEqual([])
  const frozen = said('hello', new Timeline())
  frozen.feed({ type: 'command', command: { kind: 'freeze' } })
  expect(frozen.all('abortSpeculation')).toHaveLength(1)
  const held = said('hello', new Timeline())
  held.feed({ type: 'command', command: { kind: 'hold' } })
  expect(held.all('abortSpeculation')).toHaveLength(1)
  const off = said('hello', new Timeline(settingsWith({ preemptive: { enabled: false } })))
  expect(off.all('speculate')).toEqual([])
})

test('a speculation that fails is forgotten, and the turn is asked as usual', () => {
  const call = said('I want a refund').reply('u1', { speculative: true })
  call.feed({ type: 'replyFailed', utteranceId: 'u1' })
  call.to(1500)
  expect(call.all('apologize')).toEqual([])
  expect(call.commits).toHaveLength(1)
  expect(call.state.awaiting?.turnId).toBe('turn-1')
})
