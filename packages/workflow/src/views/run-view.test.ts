import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeSse, ssePing } from './encode-sse.ts'
import { runViews, viewRunEvent } from './run-view.ts'
import { toWireData } from './wire-data.ts'
import type { Json, RunEvent, RunEventType } from '@parley/spec'
import type { ViewEvent } from './view-event.ts'

function event(type: RunEventType, fields: Partial<RunEvent> = {}): RunEvent {
  return { seq: 7, ts: '2026-01-01T00:00:00.000Z', type, runId: 'run_1', data: {}, ...fields }
}

const execution: { [key: string]: Json } = {
  taskId: 'task_1',
  status: 'partial',
  output: { answerText: 'yes' },
  outputs: { myKey: { innerKey: 1 } },
  steps: [
    {
      stepId: 'plan',
      status: 'completed',
      modelId: 'a/b',
      costNanoUsd: 400_000,
      latencyMs: 410,
      receiptIds: ['rcpt_1', 'rcpt_2'],
    },
    { stepId: 'tell', status: 'skipped', costNanoUsd: null, latencyMs: 0, receiptIds: [] },
  ],
  totalCostNanoUsd: 400_000,
  totalLatencyMs: 410,
  usage: { inputTokens: 12 },
}

function one(
  view: 'native' | 'steps' | 'nodes',
  run: RunEvent,
  audience: 'operator' | 'public' = 'operator',
): ViewEvent | undefined {
  const seen = viewRunEvent(run, { view, audience })
  expect(seen.length).toBeLessThanOrEqual(1)
  return seen[0]
}

describe('workflows 12.2 native', () => {
  test('workflows 12.2 native is the default: every event, with the names of the wire and users keys as they are', () => {
    const run = event('step_completed', {
      step: 'plan',
      stepKey: 'plan@1',
      attempt: 2,
      data: { modelId: 'a/b', costNanoUsd: 1_500, receiptIds: ['rcpt_1'], output: { theirKey: { innerKey: 1 } } },
    })
    expect(viewRunEvent(run, { audience: 'operator' })).toEqual([
      {
        id: 7,
        event: 'step_completed',
        data: {
          seq: 7,
          ts: '2026-01-01T00:00:00.000Z',
          type: 'step_completed',
          run_id: 'run_1',
          step: 'plan',
          step_key: 'plan@1',
          attempt: 2,
          data: {
            model_id: 'a/b',
            cost_nano_usd: 1_500,
            cost_usd: 0.0000015,
            receipt_ids: ['rcpt_1'],
            output: { theirKey: { innerKey: 1 } },
          },
        },
      },
    ])
  })

  test('workflows 12.2 names of the wire stay, and ids of steps too', () => {
    const data = { delay_ms: 1, cost_nano_usd: 1_500, cost_usd: 0.0000015, steps: { myStep: { model_id: 'a/b' } } }
    expect(toWireData(data)).toEqual(data)
  })

  test('workflows 12.2 an unknown cost stays unknown', () => {
    expect(toWireData({ costNanoUsd: null })).toEqual({ cost_nano_usd: null, cost_usd: null })
  })

  test('workflows 12.2 keys inside data of users come through as they are, whatever they are called', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.oneof(fc.constant('__proto__'), fc.string()), fc.jsonValue()), (value) => {
        const data = JSON.parse(JSON.stringify({ output: value })) as { [key: string]: Json } // it was made of JSON
        expect(JSON.stringify(toWireData(data))).toBe(JSON.stringify(data))
      }),
    )
  })
})

describe('workflows 12.2 steps', () => {
  test('workflows 12.2 steps shows begin and end of steps', () => {
    expect(one('steps', event('step_started', { step: 'plan' }))).toEqual({
      id: 7,
      event: 'step_started',
      data: { step_id: 'plan' },
    })
    const data = { modelId: 'a/b', costNanoUsd: 400_000, latencyMs: 410, receiptIds: ['rcpt_1', 'rcpt_2'], output: 1 }
    expect(one('steps', event('step_completed', { step: 'plan', data }))).toEqual({
      id: 7,
      event: 'step_completed',
      data: {
        step_id: 'plan',
        status: 'completed',
        model_id: 'a/b',
        cost_usd: 0.0004,
        latency_ms: 410,
        receipt_id: 'rcpt_2',
        output: 1,
      },
    })
    const failed = event('step_failed', {
      step: 'plan',
      data: { final: true, error: { code: 'step_failed', message: 'Text.' } },
    })
    expect(one('steps', failed)?.data).toMatchObject({ step_id: 'plan', status: 'failed', error: { message: 'Text.' } })
  })

  test('workflows 12.2 steps leaves out attempts that go on, items and every other event', () => {
    const hidden = [
      event('step_failed', { step: 'a', data: { final: false } }),
      event('step_started', { step: 'a', attempt: 2 }),
      event('step_completed', { step: 'a', stepKey: 'a@1#3' }),
      event('run_started'),
      event('step_delta', { step: 'a' }),
      event('validation_fail', { step: 'a' }),
      event('budget_warning'),
    ]
    for (const run of hidden) expect(viewRunEvent(run, { view: 'steps' })).toEqual([])
  })

  test('workflows 12.2 steps ends with one final for every terminal state', () => {
    expect(one('steps', event('run_completed', { data: execution }))).toEqual({
      id: 7,
      event: 'final',
      data: {
        result: {
          run_id: 'run_1',
          task_id: 'task_1',
          status: 'partial',
          outputs: { myKey: { innerKey: 1 } },
          steps: [
            {
              step_id: 'plan',
              status: 'completed',
              model_id: 'a/b',
              cost_usd: 0.0004,
              latency_ms: 410,
              receipt_id: 'rcpt_2',
            },
            { step_id: 'tell', status: 'skipped', model_id: null, cost_usd: null, latency_ms: 0, receipt_id: null },
          ],
          total_cost_usd: 0.0004,
          total_latency_ms: 410,
        },
      },
    })
    for (const type of ['run_failed', 'run_cancelled', 'run_budget_exceeded'] as const) {
      expect(one('steps', event(type))).toMatchObject({
        event: 'final',
        data: { result: { status: type.slice(4), steps: [] } },
      })
    }
  })
})

describe('workflows 12.2 nodes', () => {
  test.each<[RunEvent, string, { [key: string]: Json }]>([
    [event('run_started', { data: { sessionId: 's' } }), 'workflow_started', { session_id: 's', run_id: 'run_1' }],
    [event('run_started'), 'workflow_started', { session_id: null, run_id: 'run_1' }],
    [event('step_started', { step: 'reply' }), 'node_started', { name: 'reply' }],
    [
      event('step_delta', { step: 'reply', data: { channel: 'output', text: 'Hel' } }),
      'partial',
      { name: 'reply', value: 'Hel' },
    ],
    [
      event('step_delta', { step: 'reply', data: { channel: 'thought', text: 'Hm' } }),
      'partial',
      { name: 'reply_thought', value: 'Hm' },
    ],
    [
      event('step_delta', { step: 'reply', data: { channel: 'instructions', text: 'Do', final: true } }),
      'complete',
      { name: 'reply_instructions', value: 'Do' },
    ],
    [
      event('step_delta', { step: 'reply', data: { channel: 'output', text: 'x', agentStep: 3 } }),
      'partial',
      { name: 'reply_step3', value: 'x' },
    ],
    [
      event('step_restart', { step: 'reply', data: { reason: 'draft' } }),
      'restart',
      { name: 'reply', reason: 'draft' },
    ],
    [
      event('step_completed', { step: 'reply', data: { output: { a: 1 } } }),
      'node_completed',
      { name: 'reply', output_data: { a: 1 } },
    ],
    [event('step_completed', { step: 'reply' }), 'node_completed', { name: 'reply' }],
    [
      event('run_completed', { data: execution }),
      'workflow_completed',
      { output_data: { answerText: 'yes' }, token_usage: { input_tokens: 12 } },
    ],
    [event('run_failed', { data: { error: { code: 'x', message: 'Why.' } } }), 'workflow_failed', { value: 'Why.' }],
    [event('run_cancelled'), 'workflow_failed', { value: 'The run was cancelled.' }],
    [event('run_budget_exceeded'), 'workflow_failed', { value: 'The run was stopped by its budget.' }],
  ])('workflows 12.2 nodes %#: named as clients of agents know it', (run, name, data) => {
    expect(one('nodes', run)).toEqual({ id: 7, event: name, data })
  })

  test('workflows 12.2 nodes leaves out items, later attempts and what has no name there', () => {
    for (const run of [
      event('step_completed', { step: 'a', stepKey: 'a@1#0' }),
      event('step_started', { step: 'a', attempt: 2 }),
      event('step_skipped', { step: 'a' }),
      event('wait_created'),
    ]) {
      expect(viewRunEvent(run, { view: 'nodes' })).toEqual([])
    }
  })
})

test('workflows 12.2 the public view is the default and hides inputs, usage, text of errors and reasons of restarts', () => {
  const secret = 'PRIVATE'
  const events = [
    event('step_started', { step: 'a', data: { input: secret, inputs: { a: secret } } }),
    event('step_failed', {
      step: 'a',
      data: { final: true, class: secret, error: { code: 'step_timeout', message: secret } },
    }),
    event('step_failed', { step: 'a', data: { final: true, error: { code: 'of a vendor', message: secret } } }),
    event('step_restart', { step: 'a', data: { reason: secret } }),
    event('validation_fail', { step: 'a', data: { faults: [{ message: secret }] } }),
    event('run_failed', {
      data: { ...execution, usage: { tokens: secret }, error: { code: 'step_failed', message: secret } },
    }),
    event('run_completed', { data: { ...execution, steps: [{ stepId: 'a', usage: secret, error: secret }] } }),
  ]
  for (const run of events) {
    for (const view of runViews) {
      expect(JSON.stringify(viewRunEvent(run, { view }))).not.toContain(secret)
    }
  }
  expect(JSON.stringify(viewRunEvent(events[1] ?? event('run_started')))).toContain('A step took longer than it may.')
  expect(JSON.stringify(viewRunEvent(events[0] ?? event('run_started'), { audience: 'operator' }))).toContain(secret)
  // What a run gives is for who asked for it, keys and all.
  const output = { input: 'kept', usage: 'kept' }
  expect(viewRunEvent(event('run_completed', { data: { output } }))[0]?.data['data']).toEqual({ output })
})

test('workflows 12.2 every view is a function of the one event', () => {
  const type = fc.constantFrom<RunEventType>(
    'run_started',
    'step_started',
    'step_delta',
    'step_completed',
    'step_failed',
    'run_completed',
    'run_failed',
  )
  fc.assert(
    fc.property(type, fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(...runViews), (kind, data, view) => {
      const run = event(kind, { step: 'a', data: data as { [key: string]: Json } }) // made of JSON
      const seen = viewRunEvent(run, { view })
      expect(viewRunEvent(structuredClone(run), { view })).toEqual(seen)
      for (const [index, { id }] of seen.entries()) expect(id).toBe(index === seen.length - 1 ? 7 : undefined)
    }),
  )
})

describe('workflows 12.2 server-sent events', () => {
  test('workflows 12.2 SSE has id, event and one line of data', () => {
    expect(encodeSse({ id: 3, event: 'partial', data: { value: 'a\nb\r\u2028c' } })).toBe(
      'id: 3\nevent: partial\ndata: {"value":"a\\nb\\r\u2028c"}\n\n',
    )
    expect(encodeSse({ event: 'x\ndata: y', data: {} })).toBe('event: x data: y\ndata: {}\n\n')
    expect(ssePing).toMatch(/^:.*\n\n$/)
  })

  test('workflows 12.2 SSE of any data is read back whole', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const data = JSON.parse(JSON.stringify(value)) as { [key: string]: Json } // made of JSON
        const lines = encodeSse({ id: 1, event: 'e', data }).split(/\r\n|\r|\n/)
        expect(lines).toHaveLength(5)
        expect(JSON.parse((lines[2] ?? '').slice('data: '.length))).toEqual(data)
      }),
    )
  })
})
