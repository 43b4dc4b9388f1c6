import { existsSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { ParleyError, type Json } from '@parley/spec'
import { exitCodes } from '../exit-code.ts'
import { newestRunLog, readRunLog, type LoggedEvent, type LoggedRun } from '../load/read-run-log.ts'
import { plainText } from '../plain-text.ts'
import { showDuration } from '../progress/show-money.ts'
import type { CommandContext, CommandEnd } from '../command-context.ts'

/** Options of `parley inspect`. */
export interface InspectOptions {
  failures?: boolean
  step?: string
  run?: string
}

/** Shows a run log: of a file, or of the newest one in a directory. */
export async function inspect(
  { output, cwd }: CommandContext,
  where: string | undefined,
  { failures = false, step, run: runId }: InspectOptions,
): Promise<CommandEnd> {
  const file = await findLog(cwd, where)
  const { runs, malformed } = await readRunLog(file)
  for (const line of malformed.slice(0, 10))
    output.note(`${output.paint('yellow', 'warn', 'stderr')}  line ${line} is no event of a run log, skipped`)
  if (malformed.length > 10) output.note(`      and ${malformed.length - 10} more`)
  const run = runId === undefined ? runs.at(-1) : runs.find((one) => one.runId === runId)
  if (run === undefined) {
    throw new ParleyError({
      code: 'document_unknown',
      message:
        runId === undefined
          ? 'The run log holds no run.'
          : `The run log holds no run ${plainText(runId)}. Leave --run out to see the last one.`,
    })
  }
  const shown = run.events
    .filter((event) => !failures || event.level === 'error')
    .filter((event) => step === undefined || event.stepId === step)
  const counts = countSteps(run)
  output.print(
    `${output.paint('bold', plainText(run.workflowName))}  ${plainText(run.runId)}  ${plainText(run.status)}  ${showDuration(durationOf(run))}`,
  )
  output.print(
    `completed ${counts.completed}  failed ${counts.failed}  skipped ${counts.skipped}  retries ${counts.retries}  events ${run.events.length}`,
  )
  // Who asks for failures wants to read them.
  const width = failures || step !== undefined ? 1_000 : 80
  for (const event of shown) output.print(lineOf(event).slice(0, width))
  if (runs.length > 1 && runId === undefined) output.note(`${runs.length - 1} more in this log; choose with --run <id>`)
  return {
    exit: exitCodes.done,
    result: {
      file: relative(cwd, file),
      run_id: run.runId,
      workflow_name: run.workflowName,
      status: run.status,
      duration_ms: durationOf(run),
      ...counts,
      malformed_lines: malformed.length,
      events: shown.map(toWireEvent),
    },
  }
}

async function findLog(cwd: string, where: string | undefined): Promise<string> {
  const fallback = existsSync(join(cwd, 'runs')) ? 'runs' : '.'
  const path = resolve(cwd, where ?? fallback)
  if (!existsSync(path)) {
    throw new ParleyError({
      code: 'document_unknown',
      message: `There is no ${plainText(where ?? fallback)}. Name a run log (.jsonl) or a directory that holds one.`,
    })
  }
  return statSync(path).isDirectory() ? newestRunLog(path) : path
}

function countSteps({ events }: LoggedRun): { completed: number; failed: number; skipped: number; retries: number } {
  const outcomes = new Map<string, string>()
  let retries = 0
  for (const { eventType, stepId, data } of events) {
    if (eventType === 'step_retry') retries += 1
    const key = data['step_key']
    if (stepId === null || (typeof key === 'string' && key.includes('#'))) continue
    if (eventType === 'step_complete' || eventType === 'step_skip') outcomes.set(stepId, eventType)
    if (eventType === 'step_fail' && data['final'] !== false) outcomes.set(stepId, eventType)
  }
  const count = (type: string): number => [...outcomes.values()].filter((outcome) => outcome === type).length
  return { completed: count('step_complete'), failed: count('step_fail'), skipped: count('step_skip'), retries }
}

function durationOf({ events }: LoggedRun): number {
  const [first, last] = [events[0], events.at(-1)]
  const ms = Date.parse(last?.timestamp ?? '') - Date.parse(first?.timestamp ?? '')
  return Number.isFinite(ms) ? Math.max(0, ms) : 0
}

function lineOf({ timestamp, eventType, stepId, data }: LoggedEvent): string {
  return `${timestamp.slice(11, 23)}  ${eventType.padEnd(19)}  ${plainText([stepId ?? '', ...said(data)].join('  '))}`.trimEnd()
}

function said(data: { [key: string]: Json }): string[] {
  const error = data['error']
  const message = typeof error === 'object' && error !== null && !Array.isArray(error) ? error['message'] : error
  return [message, data['phase'], data['kind'], data['status']].filter((part) => typeof part === 'string')
}

function toWireEvent({ timestamp, eventType, stepId, level, data }: LoggedEvent): Json {
  return { timestamp, event_type: eventType, step_id: stepId, level, data }
}
