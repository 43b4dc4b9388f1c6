import type { RunRecord, StepRunRecord, WorkflowDefinition } from '@parley/spec'
import { createSeededIds, createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'

import { memoryBackend } from './memory-backend.ts'

const definition: WorkflowDefinition = {
  name: 'report',
  version: '1',
  hash: 'h',
  root: { kind: 'dag', steps: [], maxConcurrency: 32 },
  defaults: { tier: 'balanced' },
  templates: {},
  servers: { rest: [], mcp: [] },
  functions: {},
  limits: { maxConcurrency: 32, maxModelCalls: 50, maxVisits: 1_000 },
  compat: {},
  sensitiveKeys: [],
  metadata: {},
}

const run: RunRecord = {
  id: 'run_1',
  tenantId: 'acme',
  taskId: 'task_1',
  status: 'running',
  workflow: 'report',
  definitionHash: 'h',
  input: { goal: 'tea' },
  planVersion: 1,
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
}

test('13.2 the memory back end copies no value', async () => {
  const clock = createVirtualClock()
  const backend = memoryBackend({ clock, ids: createSeededIds(1) })
  await backend.createRun(run, definition)
  const lease = await backend.claim(run.id, 'a')
  if (lease === null) throw new Error('the run could not be claimed')
  const output = { large: ['x'] }
  const stepRun: StepRunRecord = {
    runId: run.id,
    stepKey: 'a@1',
    step: 'a',
    status: 'completed',
    seq: 1,
    output,
    attempts: 1,
    costNanoUsd: 0,
    receiptIds: [],
  }
  await backend.commit(lease, { events: [], stepRuns: [stepRun], state: { set: { a: output } } })
  const journal = await backend.read(run.id)
  expect(journal.run.input).toBe(run.input)
  expect(journal.stepRuns[0]).toBe(stepRun)
  expect(journal.state['a']).toBe(output)
  expect(journal.definition).toBe(definition)
})

test('13.2 a lease lives as long as the back end was told', async () => {
  const clock = createVirtualClock()
  const backend = memoryBackend({ clock, leaseMs: 5 })
  expect(await backend.heartbeat?.('a')).toBe(new Date(clock.now() + 5).toISOString())
})

test('13.2 the memory back end works without options, in one process', async () => {
  const backend = memoryBackend()
  expect([backend.kind, backend.multiWorker]).toEqual(['memory', false])
  await backend.createRun(run, definition)
  expect((await backend.signal(run.id, 'go', null)).id).toMatch(/^sig_/)
})
