import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ParleyError, type Json } from '@parley/spec'

/** One line of a run log, as `JSONLinesSink` writes it. */
export interface LoggedEvent {
  timestamp: string
  eventType: string
  runId: string
  workflowName: string
  stepId: string | null
  level: string
  data: { [key: string]: Json }
}

/** A run as its log tells it. */
export interface LoggedRun {
  runId: string
  workflowName: string
  /** `incomplete` when the log ends before the run. */
  status: string
  events: LoggedEvent[]
}

/** A file of run logs. */
export interface RunLogFile {
  /** In order of their first line. */
  runs: LoggedRun[]
  /** Numbers of lines that are no events of a run log. */
  malformed: number[]
}

/**
 * The newest `.jsonl` of a directory.
 * @throws {ParleyError} `document_unknown` when there is none
 */
export async function newestRunLog(directory: string): Promise<string> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.jsonl'))
  const files = await Promise.all(
    names.map(async (name) => ({
      path: join(directory, name),
      changedMs: (await stat(join(directory, name))).mtimeMs,
    })),
  )
  // Files of one moment, such as copies: the later name wins, so that the answer does not depend on the disk.
  const [newest] = files.sort((one, other) => other.changedMs - one.changedMs || (one.path < other.path ? 1 : -1))
  if (newest !== undefined) return newest.path
  throw new ParleyError({
    code: 'document_unknown',
    message: 'There is no run log (.jsonl) in this directory. Write one with parley run --log-dir <dir>.',
  })
}

/** Reads a run log line by line; what is no event of a run is counted and left out. */
export async function readRunLog(file: string): Promise<RunLogFile> {
  const runs = new Map<string, LoggedRun>()
  const malformed: number[] = []
  let number = 0
  for await (const line of createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity })) {
    number += 1
    if (line.trim() === '') continue
    const event = parseLine(line)
    if (event === undefined) {
      malformed.push(number)
      continue
    }
    const { runId, workflowName } = event
    const known = runs.get(runId) ?? { runId, workflowName, status: 'incomplete', events: [] }
    runs.set(runId, known)
    known.events.push(event)
    if (event.eventType === 'workflow_complete') known.status = textOf(event.data['status']) ?? 'completed'
  }
  return { runs: [...runs.values()], malformed }
}

function parseLine(line: string): LoggedEvent | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  // Entries of what JSON.parse gave; each is looked at below.
  const fields = value as { [key: string]: Json }
  const timestamp = textOf(fields['timestamp'])
  const eventType = textOf(fields['event_type'])
  const runId = textOf(fields['run_id'])
  if (timestamp === undefined || eventType === undefined || runId === undefined) return undefined
  const data = fields['data']
  return {
    timestamp,
    eventType,
    runId,
    workflowName: textOf(fields['workflow_name']) ?? '',
    stepId: textOf(fields['step_id']) ?? null,
    level: textOf(fields['level']) ?? 'info',
    data: typeof data === 'object' && data !== null && !Array.isArray(data) ? data : {},
  }
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}
