import { ParleyError, type ErrorCode } from '@parley/spec'

/** What the command line ends with. */
export const exitCodes = {
  done: 0,
  /** It ran, and the answer is no: a run failed, a document is invalid. */
  no: 1,
  usage: 2,
  /** Configuration or input cannot be loaded. */
  unloadable: 3,
  /** A server, a database or a vendor is out of reach. */
  unreachable: 4,
  budget: 5,
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

const codes: Readonly<Partial<Record<ErrorCode, ExitCode>>> = {
  invalid_options: exitCodes.usage,
  budget_invalid: exitCodes.usage,
  document_unknown: exitCodes.unloadable,
  path_refused: exitCodes.unloadable,
  import_refused: exitCodes.unloadable,
  config_invalid: exitCodes.unloadable,
  input_too_large: exitCodes.unloadable,
  store_unavailable: exitCodes.unreachable,
  connection_lost: exitCodes.unreachable,
  model_unavailable: exitCodes.unreachable,
  model_timeout: exitCodes.unreachable,
  model_rate_limited: exitCodes.unreachable,
  vendor_unavailable: exitCodes.unreachable,
  vendor_timeout: exitCodes.unreachable,
  budget_exceeded: exitCodes.budget,
}

/** The exit code of a failure. What is of no other kind is a no. */
export function exitCodeOf(error: unknown): ExitCode {
  return ParleyError.isInstance(error) ? (codes[error.code] ?? exitCodes.no) : exitCodes.no
}
