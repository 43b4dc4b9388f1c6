import { expect, test } from 'vitest'
import { settingsWith, Timeline } from './__fixtures__/timeline.ts'

test('a turn is committed, answered and heard', () => {
  const call = new Timeline().speak(1000).interim(1500, 'I want', 'final-2100').final(2100, 'I want a refund').silence(2000)
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

test('a pause is followed by an interruption when words come', () => {
  const call = new Timeline().plays('u1')
  call.speak(2000).to(2499)
  expect(call.all('pauseOutput')).toEqual([])
  call.to(2500)
  expect(call.all('pauseOutput')).toHaveLength(1)
  call.final(3000, 'wait I have got another question')
  expect(call.all('interrupt')).toMatchObject([{ plan: { reason: 'speech', utteranceIds: ['u1'], clear: true } }])
  call.silence(3000).to(3600)
  expect(call.commits).toEqual([{ atMs: 3500, text: 'wait I have got another question' }])
})

test('a cough pauses, nothing follows, and speech goes on', () => {
  const call = new Timeline().plays('u1').speak(2000).to(2500).silence(2600)
  expect(call.to(4599).all('resumeOutput')).toEqual([])
  expect(call.to(4600).all('resumeOutput')).toHaveLength(1)
  expect(call.state.shownAgent).toBe('speaking')
  expect(call.all('interrupt')).toEqual([])
})

test('a turn detector holds a turn open, or lets it go', () => {
  const settings = settingsWith({ stages: { turnDetector: true }, endpointing: { minDelayMs: 300, maxDelayMs: 2500 } })
  const run = (probability: number) => {
    const call = new Timeline(settings).speak(0).final(1000, 'I would like to').silence(1000).to(1260)
    const [asked] = call.all('predictTurn')
    call.feed({ type: 'turnPrediction', decisionId: asked?.decisionId ?? '', probability, threshold: 0.5 })
    return call.to(6000).commits[0]?.atMs
  }
  expect(run(0.9)).toBe(1300)
  expect(run(0.1)).toBe(3500)
})
