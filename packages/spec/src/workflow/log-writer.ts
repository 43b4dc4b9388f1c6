/** Which run a log is of. Both names may be part of a file name, and are checked before. */
export interface LogRun {
  runId: string
  workflow: string
}

/** Keeps run logs, one per run or all in one place. */
export interface LogWriter {
  /** Whether the log of this run can have a place. @throws {ParleyError} `path_refused` */
  check(run: LogRun, extension: 'jsonl' | 'json'): void
  /** Adds one line; it has left this process when this settles. */
  append(run: LogRun, line: string): Promise<void>
  /** Puts the whole text in place at once: readers see the old one or the new one. */
  replace(run: LogRun, text: string): Promise<void>
  /** Closes what `append` holds open for this run. */
  close(run: LogRun): Promise<void>
}
