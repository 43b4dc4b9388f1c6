import { ParleyError } from '@parley/spec'
import { expect, test } from 'vitest'
import { settingsWith } from '../turn/__fixtures__/timeline.ts'
import { parseCallLog, writeCallLog } from './stored-log.ts'

const log = {
  settings: settingsWith(),
  steps: [{ atMs: 0.1 + 0.2, event: { type: 'dtmf', digit: '1' }, effects: [{ b: 1, a: '\u0000\n' }] }],
}

test('a log without frame summaries, as older ones are, is read too', () => {
  const frames = [{ side: 'caller' as const, atMs: 0, frames: 50, samples: 16_000, rmsDbfs: null, hash: null }]
  expect(parseCallLog(writeCallLog({ ...log, frames }))).toEqual({ ...log, frames })
  expect(parseCallLog(writeCallLog(log))).not.toHaveProperty('frames')
})

test('a log is read as it was written, order of keys and all digits included', () => {
  const text = writeCallLog(log)
  expect(JSON.stringify(parseCallLog(text))).toBe(JSON.stringify(log))
  expect(text.split('\n')).toHaveLength(2)
})

test.each([
  ['nothing', ''],
  ['another file', '{"a":1}'],
  ['a newer format', writeCallLog(log).replace('"format":1', '"format":2')],
  ['a line that was cut', writeCallLog(log).slice(0, -3)],
])('%s is refused, with the line that is wrong', (what, text) => {
  let thrown: unknown
  try {
    parseCallLog(text)
  } catch (error) {
    thrown = error
  }
  expect(ParleyError.isInstance(thrown) && thrown.code).toBe('content_invalid')
  expect(thrown).toMatchObject({ details: { line: what === 'a line that was cut' ? 2 : 1 } })
})
