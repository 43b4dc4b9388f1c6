import { checkOptions, type Json } from '@parley/spec'
import { stderrHasColour, stderrLine } from './stderr-line.ts'
import type { LogEvent } from './log-event.ts'
import type { LogLevel } from './log-level.ts'
import type { LogSink } from './log-sink.ts'

/** Options of `ConsoleSink`. */
export interface ConsoleSinkOptions {
  /** @default that of the logger */
  verbosity?: LogLevel
  /** Where lines go. @default standard error; the console in a browser */
  write?: (line: string) => void
  /** @default on a terminal, unless `NO_COLOR` is set */
  colour?: boolean
}

const colours: Readonly<Record<LogEvent['level'], string>> = {
  info: '\u001B[36m',
  warn: '\u001B[33m',
  error: '\u001B[31m',
}

/** Writes one line per event for people. */
export class ConsoleSink implements LogSink {
  readonly verbosity?: LogLevel
  readonly #write: (line: string) => void
  readonly #colour: boolean

  constructor(options: ConsoleSinkOptions = {}) {
    checkOptions('ConsoleSink', options, ['verbosity', 'write', 'colour'])
    const { verbosity, write = stderrLine, colour = options.write === undefined && stderrHasColour() } = options
    if (verbosity !== undefined) this.verbosity = verbosity
    this.#write = write
    this.#colour = colour
  }

  write({ timestamp, eventType, stepId, data, level, workflowName }: LogEvent): void {
    const name = eventType.padEnd(19)
    const shown = this.#colour ? `${colours[level]}${name}\u001B[0m` : name
    this.#write([timestamp, shown, stepId ?? workflowName, fields(data)].filter((part) => part !== '').join(' '))
  }
}

function fields(data: { [key: string]: Json }): string {
  return Object.entries(data)
    .filter(([key]) => key !== 'steps')
    .map(([key, value]) => `${key}=${typeof value === 'string' ? oneLine(value) : JSON.stringify(value)}`)
    .join(' ')
}

/** Text of people may not begin a line of its own nor steer the terminal. */
function oneLine(text: string): string {
  return /^[\w.:@#/-]+$/.test(text) ? text : JSON.stringify(text).replace(/[\u007F-\u009F]/g, '?')
}
