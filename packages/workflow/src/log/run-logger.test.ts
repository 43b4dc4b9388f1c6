import { ParleyError, type LogRun, type LogWriter } from '@parley/spec'
import { describe, expect, test } from 'vitest'
import { CallbackSink } from './callback-sink.ts'
import { ConsoleSink } from './console-sink.ts'
import { FileSink } from './file-sink.ts'
import { JSONLinesSink } from './json-lines-sink.ts'
import { LogLevel } from './log-level.ts'
import { RunLogger } from './run-logger.ts'
import type { LogEvent } from './log-event.ts'
import type { HookEvent, HookName } from './workflow-hooks.ts'

function at(second: number): string {
  return new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString()
}

function event(fields: Partial<HookEvent> = {}): HookEvent {
  return { runId: 'run_1', workflow: 'triage', data: {}, at: at(0), ...fields }
}

/** A run of three steps: one is tried twice, one is skipped, one is a foreach over two items. */
async function play(logger: RunLogger): Promise<void> {
  const steps: [HookName, Partial<HookEvent>][] = [
    [
      'onWorkflowStart',
      {
        data: { definitionHash: 'abc', input: { password: 'hunter2' }, steps: [{ id: 'a' }, { id: 'b' }, { id: 'c' }] },
      },
    ],
    ['onStepStart', { step: 'a', stepKey: 'a@1', attempt: 1, at: at(1) }],
    ['onValidationStart', { step: 'a', stepKey: 'a@1', attempt: 1, data: { phase: 'input' } }],
    ['onValidationFail', { step: 'a', stepKey: 'a@1', attempt: 1, data: { phase: 'output', faults: [] } }],
    [
      'onStepFail',
      { step: 'a', stepKey: 'a@1', attempt: 1, data: { final: false, error: { code: 'step_failed', message: 'No.' } } },
    ],
    ['onStepRetry', { step: 'a', stepKey: 'a@1', attempt: 2, data: { class: 'validation', delayMs: 0 } }],
    ['onStepStart', { step: 'a', stepKey: 'a@1', attempt: 2 }],
    ['onValidationComplete', { step: 'a', stepKey: 'a@1', attempt: 2, data: { phase: 'output' } }],
    [
      'onStepComplete',
      {
        step: 'a',
        stepKey: 'a@1',
        attempt: 2,
        data: { output: { apiKey: 'sk-abcdef123', text: 'fine' }, costNanoUsd: 400_000 },
      },
    ],
    ['onStepSkip', { step: 'b', stepKey: 'b@1', data: { kind: 'condition' } }],
    ['onStepStart', { step: 'c', stepKey: 'c@1' }],
    ['onStepStart', { step: 'c', stepKey: 'c@1#0' }],
    ['onStepFail', { step: 'c', stepKey: 'c@1#0', data: { final: true } }],
    ['onStepComplete', { step: 'c', stepKey: 'c@1#1', data: {} }],
    ['onStepFail', { step: 'c', stepKey: 'c@1', data: { final: true }, at: at(5) }],
    ['onWorkflowComplete', { data: { status: 'failed', durationMs: 5_250 }, at: at(6) }],
  ]
  for (const [name, fields] of steps) await logger[name](event(fields))
}

const common = ['workflow_start', 'validation_fail', 'step_fail', 'step_fail', 'step_fail', 'workflow_complete']

describe('workflows 12.4 levels', () => {
  test('workflows 12.4 MINIMAL tells of begin, end and failures', async () => {
    const logger = new RunLogger({ verbosity: LogLevel.MINIMAL })
    await play(logger)
    expect(logger.getLog().events.map(({ eventType }) => eventType)).toEqual(common)
  })

  test('workflows 12.4 NORMAL is the default and adds steps, without what they gave', async () => {
    const logger = new RunLogger()
    expect(logger.verbosity).toBe(LogLevel.NORMAL)
    await play(logger)
    const { events } = logger.getLog()
    expect(new Set(events.map(({ eventType }) => eventType))).toEqual(
      new Set([...common, 'step_start', 'step_complete', 'step_retry', 'step_skip', 'validation_complete']),
    )
    expect(JSON.stringify(events)).not.toContain('fine')
  })

  test('workflows 12.4 VERBOSE adds validation_start and outputs, redacted', async () => {
    const logger = new RunLogger({ verbosity: LogLevel.VERBOSE })
    await play(logger)
    const { events } = logger.getLog()
    expect(events.some(({ eventType }) => eventType === 'validation_start')).toBe(true)
    const complete = events.find(({ eventType }) => eventType === 'step_complete')
    expect(complete?.data['output']).toEqual({ apiKey: '[REDACTED]', text: 'fine' })
  })
})

test('workflows 12.4 retries and skips are warnings, failures errors, the rest information', async () => {
  const logger = new RunLogger()
  await play(logger)
  const levels = new Map(logger.getLog().events.map(({ eventType, level }) => [eventType, level]))
  expect(Object.fromEntries(levels)).toEqual({
    workflow_start: 'info',
    step_start: 'info',
    validation_fail: 'error',
    step_fail: 'error',
    step_retry: 'warn',
    validation_complete: 'info',
    step_complete: 'info',
    step_skip: 'warn',
    workflow_complete: 'error',
  })
})

test('workflows 12.4 the summary counts steps once, by their last state, and items not at all', async () => {
  const logger = new RunLogger({ verbosity: LogLevel.MINIMAL })
  await play(logger)
  const log = logger.getLog('run_1')
  expect(log).toMatchObject({
    runId: 'run_1',
    workflowName: 'triage',
    startedAt: at(0),
    completedAt: at(6),
    status: 'failed',
  })
  expect(log.initialPlan).toEqual([{ id: 'a' }, { id: 'b' }, { id: 'c' }])
  expect(log.summary).toEqual({
    total: 3,
    completed: 1,
    failed: 1,
    skipped: 1,
    totalRetries: 1,
    totalDurationMs: 5_250,
    validationsPassed: 1,
    validationsFailed: 1,
  })
})

test('S4 nothing sensitive reaches a sink, by name, by the names given, or by its looks', async () => {
  const seen: LogEvent[] = []
  const logger = new RunLogger({
    verbosity: LogLevel.VERBOSE,
    sensitiveKeys: ['*_code'],
    allowKeys: ['auth'],
    sinks: [new CallbackSink((one) => void seen.push(one))],
  })
  await play(logger)
  await logger.onStepComplete(
    event({ step: 'd', data: { output: { door_code: '4711', auth: 'basic', note: 'use sk-zyxw9876' } } }),
  )
  const text = JSON.stringify(seen)
  for (const secret of ['hunter2', 'sk-abcdef123', '4711', 'sk-zyxw9876']) expect(text).not.toContain(secret)
  expect(text).toContain('"auth":"basic"')
})

test('workflows 12.4 a failing sink is counted and reported once, and the others get every event', async () => {
  const errors: ParleyError[] = []
  let count = 0
  const logger = new RunLogger({
    verbosity: LogLevel.MINIMAL,
    onSinkError: (error) => errors.push(error),
    sinks: [new CallbackSink(() => Promise.reject(new Error('disk full'))), new CallbackSink(() => void count++)],
  })
  await play(logger)
  expect(count).toBe(common.length)
  expect(logger.sinkErrors).toBe(common.length)
  expect(errors.map(({ code }) => code)).toEqual(['listener_failed'])
})

test('workflows 12.4 the console has its own level, one line per event, and colour only when asked for', async () => {
  const plain: string[] = []
  const coloured: string[] = []
  const logger = new RunLogger({
    sinks: [
      new ConsoleSink({ verbosity: LogLevel.MINIMAL, write: (line) => plain.push(line) }),
      new ConsoleSink({ write: (line) => coloured.push(line), colour: true }),
    ],
  })
  await play(logger)
  expect(plain).toHaveLength(common.length)
  expect(plain[1]).toBe('2026-01-01T00:00:00.000Z validation_fail     a step_key=a@1 attempt=1 phase=output faults=[]')
  expect(plain.join('')).not.toContain('\u001B')
  expect(coloured.length).toBeGreaterThan(common.length)
  expect(coloured[0]).toContain('\u001B[36mworkflow_start')
})

test('workflows 12.4 text of people neither begins a line nor steers the terminal', () => {
  const lines: string[] = []
  const sink = new ConsoleSink({ write: (line) => lines.push(line) })
  sink.write({
    timestamp: at(0),
    eventType: 'step_fail',
    stepId: 'a',
    data: { text: 'one\ntwo\u001B[2J\u009B2J' },
    level: 'error',
    runId: 'r',
    workflowName: 'w',
  })
  // oxlint-disable-next-line eslint/no-control-regex -- what must not be there
  expect(lines.join('')).not.toMatch(/[\u0000-\u001F\u0080-\u009F]/)
})

function memoryWriter(): LogWriter & { lines: string[]; texts: string[]; closed: LogRun[] } {
  const writer = { lines: [] as string[], texts: [] as string[], closed: [] as LogRun[] }
  return {
    ...writer,
    check: ({ workflow }) => {
      if (workflow.includes('..')) throw new ParleyError({ code: 'path_refused', message: 'No.' })
    },
    append: async (_run, line) => void writer.lines.push(line),
    replace: async (_run, text) => void writer.texts.push(text),
    close: async (run) => void writer.closed.push(run),
  }
}

test('workflows 12.4 JSON lines have the names of the wire, and money in both forms', async () => {
  const writer = memoryWriter()
  const logger = new RunLogger({ sinks: [new JSONLinesSink(writer)] })
  await play(logger)
  const lines = writer.lines.map((line): unknown => JSON.parse(line))
  expect(lines.length).toBe(logger.getLog().events.length)
  expect(lines.find((line) => JSON.stringify(line).includes('"step_complete"'))).toEqual({
    v: 1,
    timestamp: at(0),
    event_type: 'step_complete',
    run_id: 'run_1',
    workflow_name: 'triage',
    step_id: 'a',
    level: 'info',
    data: { step_key: 'a@1', attempt: 2, cost_nano_usd: 400_000, cost_usd: 0.0004 },
  })
  expect(writer.closed).toEqual([{ runId: 'run_1', workflow: 'triage' }])
})

test('workflows 12.4 a file sink writes the whole log once, at the end', async () => {
  const writer = memoryWriter()
  const logger = new RunLogger({ sinks: [new FileSink(writer)] })
  await play(logger)
  expect(writer.texts).toHaveLength(1)
  const document: unknown = JSON.parse(writer.texts[0] ?? '')
  expect(document).toMatchObject({
    v: 1,
    run_id: 'run_1',
    workflow_name: 'triage',
    status: 'failed',
    summary: { total: 3, total_retries: 1, validations_passed: 1 },
    initial_plan: [{ id: 'a' }, { id: 'b' }, { id: 'c' }],
  })
})

test('S9 a workflow whose name leads out of the folder of logs is refused before its run begins', async () => {
  const logger = new RunLogger({ sinks: [new JSONLinesSink(memoryWriter())] })
  await expect(logger.beforeRun({ runId: 'run_1', workflow: '../up' })).rejects.toMatchObject({ code: 'path_refused' })
  await expect(logger.beforeRun({ runId: 'run_1', workflow: 'triage' })).resolves.toBeUndefined()
})

test('workflows 12.4 a logger says which run it does not know, and refuses options it does not have', () => {
  expect(() => new RunLogger().getLog()).toThrow(expect.objectContaining({ code: 'run_unknown' }))
  expect(() => new RunLogger().getLog('run_9')).toThrow(/run_9/)
  const misspelled: object = { verbosty: 'normal' }
  expect(() => new RunLogger(misspelled)).toThrow(/verbosity/)
  const loud: object = { verbosity: 'loud' }
  expect(() => new RunLogger(loud)).toThrow(expect.objectContaining({ code: 'invalid_options' }))
})

test('workflows 12.4 a logger that lives long keeps the latest 16 runs and a bounded list of events', async () => {
  const logger = new RunLogger({ maxEvents: 2 })
  for (let run = 0; run < 17; run++) {
    for (let count = 0; count < 3; count++) await logger.onStepStart(event({ runId: `run_${run}`, step: 'a' }))
  }
  expect(() => logger.getLog('run_0')).toThrow(expect.objectContaining({ code: 'run_unknown' }))
  expect(logger.getLog('run_1').events).toHaveLength(2)
  expect(logger.getLog('run_1').omittedEvents).toBe(1)
})
