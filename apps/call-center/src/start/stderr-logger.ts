import type { Json, Logger } from '@parley/spec'

/** Warnings and errors as JSON lines on stderr, without what people said (`pii`). */
export function createStderrLogger(bound: Record<string, Json> = {}): Logger {
  const write = (level: string, message: string, { pii: _pii, ...fields }: Record<string, Json> = {}): void => {
    process.stderr.write(`${JSON.stringify({ level, message, ...bound, ...fields })}\n`)
  }
  return {
    debug() {},
    info() {},
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
    child: (fields) => createStderrLogger({ ...bound, ...fields }),
  }
}
