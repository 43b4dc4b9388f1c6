import type { LogEvent, RunLog } from './log-event.ts'
import type { LogLevel } from './log-level.ts'
import type { HookRun } from './workflow-hooks.ts'

/** Where a run log goes. What it throws is counted and reported once; it never breaks a run. */
export interface LogSink {
  /** Its own level. Absent: that of the logger. */
  readonly verbosity?: LogLevel
  /** Asked before a run begins; the run is refused with what this throws. */
  check?(run: HookRun): void | Promise<void>
  write?(event: LogEvent): void | Promise<void>
  /** Once, at the end of a run. */
  close?(log: RunLog): void | Promise<void>
}
