import type { Clock } from '@parley/spec'

/** A stream that the command line writes to. */
export interface CliStream {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

/** All that the command line takes from its process, so that a test can give it. */
export interface CliWorld {
  /** Without the names of node and of the script. */
  readonly argv: readonly string[]
  readonly cwd: string
  readonly env: { readonly [name: string]: string | undefined }
  readonly stdout: CliStream
  readonly stderr: CliStream
  readonly stdin: AsyncIterable<string | Uint8Array>
  /** Aborted when the person interrupts. */
  readonly signal: AbortSignal
  readonly clock: Clock
}
