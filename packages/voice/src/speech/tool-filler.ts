import { checkOptions, ParleyError } from '@parley/spec'

import type { FillerOptions } from '../options/voice-options.ts'

/** When the answer may begin while a filler sounds. */
export interface AnswerStart {
  atMs: number
  /** Whether the filler is still sounding then and has to be faded. */
  fade: boolean
}

/** A filler to be said now. */
export type FillerDue = { line: string } | { generate: NonNullable<FillerOptions['generate']> }

/** Plans fillers of one call. It says when; who calls it speaks. */
export interface ToolFiller {
  toolStarted(nowMs: number): void
  toolEnded(nowMs: number): void
  /** Somebody began or stopped to speak: any speech restarts the wait. */
  speech(side: 'user' | 'agent', isSpeaking: boolean, nowMs: number): void
  /** When `poll` may give something, or `null`. */
  deadlineMs(): number | null
  /** The line that is due; `generate` where one is to be made. Counted as said. */
  poll(nowMs: number): FillerDue | null
  /** When the answer may begin: a clause of the filler is let finish, for 400 ms at most. */
  answerStart(nowMs: number, clauseEndMs: number | null): AnswerStart
}

/** The defaults of `createToolFiller`. */
export const toolFillerDefaults = { delayMs: 800, intervalMs: 6_000, max: 3, rotate: true } as const

/** How long an answer waits for a clause of a filler to end, in milliseconds. */
export const FILLER_CLAUSE_WAIT_MS = 400

/**
 * Makes the planner.
 * @throws {ParleyError} `invalid_options`
 */
export function createToolFiller(options: FillerOptions = {}): ToolFiller {
  checkOptions('createToolFiller', options, ['lines', 'generate', ...Object.keys(toolFillerDefaults)])
  const { lines = [], generate, delayMs, intervalMs, max, rotate } = { ...toolFillerDefaults, ...options }
  for (const [name, value] of Object.entries({ delayMs, intervalMs, max })) {
    if (Number.isFinite(value) && value >= 0) continue
    throw new ParleyError({
      code: 'invalid_options',
      message: `createToolFiller: ${name} is ${value}. Give a number from 0 up.`,
      details: { path: name, expected: 'a number from 0 up' },
    })
  }
  const speaking = new Set<'user' | 'agent'>()
  let tools = 0
  let said = 0
  let silentSinceMs = 0
  let nextLine = 0
  let lastLine: string | null = null

  const hasLines = generate !== undefined || lines.length > 0

  function deadlineMs(): number | null {
    if (tools === 0 || speaking.size > 0 || said >= max || !hasLines) return null
    return silentSinceMs + (said === 0 ? delayMs : intervalMs)
  }

  /** The next line, never the one that was said last if there is another. */
  function takeLine(): string | null {
    for (let tried = 0; tried < lines.length; tried++) {
      const line = lines[nextLine % lines.length] ?? ''
      nextLine = (nextLine + 1) % lines.length
      if (line !== lastLine) return line
    }
    // A single line is said once per call of tools, not over and over.
    return said === 0 ? (lines[0] ?? null) : null
  }

  return {
    toolStarted(nowMs) {
      tools += 1
      if (tools > 1) return
      said = 0
      silentSinceMs = nowMs
      if (!rotate) nextLine = 0
    },
    toolEnded() {
      tools = Math.max(0, tools - 1)
    },
    speech(side, isSpeaking, nowMs) {
      if (isSpeaking) speaking.add(side)
      else speaking.delete(side)
      silentSinceMs = Math.max(silentSinceMs, nowMs)
    },
    deadlineMs,
    poll(nowMs) {
      const dueMs = deadlineMs()
      if (dueMs === null || nowMs < dueMs) return null
      silentSinceMs = nowMs
      if (generate !== undefined) {
        said += 1
        return { generate }
      }
      const line = takeLine()
      if (line === null) {
        said = max
        return null
      }
      said += 1
      lastLine = line
      return { line }
    },
    answerStart(nowMs, clauseEndMs) {
      if (clauseEndMs !== null && clauseEndMs <= nowMs) return { atMs: nowMs, fade: false }
      const latestMs = nowMs + FILLER_CLAUSE_WAIT_MS
      if (clauseEndMs !== null && clauseEndMs <= latestMs) return { atMs: clauseEndMs, fade: false }
      return { atMs: latestMs, fade: true }
    },
  }
}
