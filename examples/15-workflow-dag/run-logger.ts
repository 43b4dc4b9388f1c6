// A run log: structured events in four sinks, at three levels, with secrets masked before any sink sees them.
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileWriter } from '@parley/local/files'
import {
  CallbackSink,
  ConsoleSink,
  FileSink,
  JSONLinesSink,
  LogLevel,
  RunLogger,
  Schema,
  Step,
  Workflow,
  t,
  type LogEvent,
} from '@parley/workflow'

const folder = await mkdtemp(join(tmpdir(), 'parley-runs-'))
const shown: string[] = []
const seen: LogEvent[] = []

//#region logger
const logger = new RunLogger({
  verbosity: LogLevel.VERBOSE,
  sensitiveKeys: ['*_code'], // besides api keys, tokens, passwords, which always are
  sinks: [
    new ConsoleSink({ verbosity: LogLevel.MINIMAL, write: (line) => shown.push(line) }),
    new JSONLinesSink(fileWriter(join(folder, 'output.jsonl'))), // a line per event, as it happens
    new FileSink(fileWriter(join(folder, 'logs/'))), // the whole log, at the end
    new CallbackSink((event) => void seen.push(event)),
  ],
})

let attempts = 0
const workflow = new Workflow({
  name: 'logged_workflow',
  hooks: [logger],
  steps: [
    new Step({
      name: 'analyze',
      retries: 1,
      outputContract: new Schema({ score: t.float, access_code: t.str }),
      action: () => ({ score: (attempts += 1) === 1 ? 'high' : 0.9, access_code: 'B-1234' }),
    }),
    new Step({
      name: 'report',
      dependsOn: ['analyze'],
      condition: 'steps.analyze.output.score > 0.95',
      action: () => 'sent',
    }),
  ],
})
const result = await workflow.run({ password: 'hunter2', data: 'input' })
const log = logger.getLog() // the record of the run, for code
//#endregion

assert.equal(result.status, 'completed')
assert.equal(log.status, 'completed')
assert.equal(log.workflowName, 'logged_workflow')
const { completed, failed, skipped, totalRetries, validationsPassed, validationsFailed } = log.summary
assert.deepEqual(
  { completed, failed, skipped, totalRetries, validationsPassed, validationsFailed },
  { completed: 1, failed: 0, skipped: 1, totalRetries: 1, validationsPassed: 1, validationsFailed: 1 },
)

// One run, in order, the same in every sink.
const types = seen.map(({ eventType }) => eventType)
assert.deepEqual(
  types.filter((type) => !type.startsWith('validation')),
  [
    'workflow_start',
    'step_start',
    'step_fail',
    'step_retry',
    'step_start',
    'step_complete',
    'step_skip',
    'workflow_complete',
  ],
)
const lines = (await readFile(join(folder, 'output.jsonl'), 'utf8')).trim().split('\n')
assert.deepEqual(
  lines.map((line) => JSON.parse(line).event_type),
  types,
)
const [file] = await readdir(join(folder, 'logs'))
assert.match(file ?? '', /^logged_workflow_.*\.json$/)
const whole = JSON.parse(await readFile(join(folder, 'logs', file ?? ''), 'utf8'))
assert.equal(whole.events.length, lines.length)
// The console was asked for less.
assert.ok(shown.length < lines.length)
assert.ok(shown.every((line) => /workflow_start|workflow_complete|step_fail|validation_fail/.test(line)))

// Outputs of steps are in the verbose log, secrets are not.
const everything = JSON.stringify([shown, seen, lines, whole, log])
assert.ok(seen.some(({ eventType, data }) => eventType === 'step_complete' && Object(data['output'])['score'] === 0.9))
assert.ok(everything.includes('[REDACTED]'))
assert.ok(!/B-1234|hunter2/.test(everything))
await rm(folder, { recursive: true })
for (const line of shown) console.log(line)
