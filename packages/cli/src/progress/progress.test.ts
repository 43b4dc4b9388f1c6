import { expect, test } from 'vitest'
import { eventLine } from './event-line.ts'
import { barAfterMs, progressBar } from './progress-bar.ts'
import { showDuration, showMoney } from './show-money.ts'
import type { RunEvent, RunEventType } from '@parley/spec'

test('apps 4 a bar shows count, rate and time left', () => {
  expect(progressBar({ done: 13, total: 20, elapsedMs: 9_285, unit: 'cases' })).toBe(
    '[##########------]  13/20  1.4 cases/s  5 s left',
  )
  expect(progressBar({ done: 0, total: 20, elapsedMs: 1_000, unit: 'cases' })).toBe('[----------------]  0/20')
  expect(progressBar({ done: 20, total: 20, elapsedMs: 1_000, unit: 'cases' })).toBe(
    '[################]  20/20  20 cases/s',
  )
  expect(progressBar({ done: 5_000, elapsedMs: 2_000, unit: 'rows' })).toBe('5000 rows  2500 rows/s')
  expect(progressBar({ done: 1, total: 1_000, elapsedMs: 1_000, unit: 'x' }, 20)).toHaveLength(20)
  expect(progressBar({ done: 1, total: 1_000, elapsedMs: 1_000, unit: 'x' })).toContain('17 min left')
  expect(barAfterMs).toBe(1_000)
})

test('workflows 1 money and time are shown as people read them, and unknown is never zero', () => {
  expect(showMoney(null)).toBe('no price')
  expect(showMoney(0)).toBe('$0')
  expect(showMoney(400_000)).toBe('$0.0004')
  expect(showMoney(1)).toBe('$0.000000001')
  expect(showMoney(2_500_000_000)).toBe('$2.50')
  expect([410, 1_300, 59_940, 59_960, 125_000].map(showDuration)).toEqual([
    '410 ms',
    '1.3 s',
    '59.9 s',
    '1 min 0 s',
    '2 min 5 s',
  ])
})

function event(type: RunEventType, fields: Partial<RunEvent> = {}): RunEvent {
  return { seq: 1, ts: '2026-01-01T00:00:00.000Z', type, runId: 'r', step: 'summary', data: {}, ...fields }
}

test('apps 4 a run is shown one line per change', () => {
  expect(
    eventLine(event('step_completed', { data: { model_id: 'fast-model', latency_ms: 410, cost_nano_usd: 400_000 } })),
  ).toEqual({
    word: 'completed',
    tone: 'good',
    text: 'summary  fast-model  410 ms  $0.0004',
  })
  expect(eventLine(event('step_failed', { data: { final: true, error: { message: 'No.' } } }))).toMatchObject({
    word: 'failed',
    text: 'summary  No.',
  })
  expect(eventLine(event('step_failed', { data: { error: { message: 'No.' } } }))).toMatchObject({ word: 'attempt' })
  expect(eventLine(event('step_retry', { data: { delay_ms: 1_500 } }))?.text).toBe('summary  in 1.5 s')
  expect(eventLine(event('step_skipped', { data: { kind: 'dependency', because: 'load' } }))?.text).toBe(
    'summary  dependency load',
  )
  expect(eventLine(event('validation_fail', { data: { errors: [{ path: 'a.b', message: 'wrong' }] } }))?.text).toBe(
    'summary  a.b: wrong',
  )
  expect(eventLine(event('step_completed', { stepKey: 'summary@1#3' }))).toBeUndefined()
  expect(eventLine(event('step_delta'))).toBeUndefined()
})

test('apps 4 text of a model does not steer the terminal', () => {
  const line = eventLine(event('step_failed', { data: { error: { message: 'a\u001B[2Jb\nc' } } }))
  expect(line?.text).toBe('summary  a [2Jb c')
})
