import { expect, test } from 'vitest'
import { createLoopback, speak } from './__fixtures__/loopback.ts'
import { followSpeaking } from './follow-speaking.ts'

function follow() {
  const loopback = createLoopback({ capabilities: { played: 'clock' }, outputLatencyMs: 100 })
  const changes: [boolean, number][] = []
  const dispose = followSpeaking({ ...loopback, onChange: (isSpeaking, atMs) => void changes.push([isSpeaking, atMs]) })
  return { ...loopback, changes, dispose }
}

test('O-7 speaking begins with audible sound, not with captured audio, and ends 350 ms after the last frame', async () => {
  const { clock, output, changes } = follow()
  speak(output, 's1', 500).flush()
  await clock.advance(60)
  expect(changes).toEqual([])
  await clock.runToRest()
  expect(changes).toEqual([
    [true, 100],
    [false, 100 + 500 + 350],
  ])
})

test('O-7 a short gap between two segments is no end', async () => {
  const { clock, output, changes } = follow()
  speak(output, 's1', 500).flush()
  await clock.advance(700)
  speak(output, 's2', 500).flush()
  await clock.runToRest()
  expect(changes.map(([isSpeaking]) => isSpeaking)).toEqual([true, false])
})

test('O-7 a clear ends speaking at once', async () => {
  const { clock, output, changes } = follow()
  speak(output, 's1', 500).flush()
  await clock.advance(300)
  output.clear()
  expect(changes).toEqual([
    [true, 100],
    [false, 300],
  ])
  await clock.runToRest()
  expect(changes).toHaveLength(2)
  expect(clock.pending).toBe(0)
})

test('O-10 after it is disposed nothing is held', async () => {
  const { clock, output, changes, dispose } = follow()
  speak(output, 's1', 100).flush()
  await clock.advance(210)
  dispose()
  output.close()
  expect(clock.pending).toBe(0)
  expect(changes).toEqual([[true, 100]])
})
