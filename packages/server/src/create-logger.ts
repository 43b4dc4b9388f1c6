import type { Json, Logger } from '@parley/spec'
import { pino, type DestinationStream } from 'pino'

/** Options of `createLogger`. */
export interface LoggerOptions {
  /** @default 'info' */
  level?: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** Where lines go. @default standard output */
  destination?: DestinationStream
  /** Whether people's words, under the key `pii`, are written. @default false */
  capturesContent?: boolean
}

/** Writes one JSON object per line: a static message plus fields. Credentials are never written. */
export function createLogger({ level = 'info', destination, capturesContent = false }: LoggerOptions = {}): Logger {
  const paths = ['token', 'key', 'secret', 'authorization', 'password', ...(capturesContent ? [] : ['pii'])]
  const options = {
    level,
    base: null,
    redact: { paths: [...paths, ...paths.map((path) => `*.${path}`)], censor: '[REDACTED]' },
  }
  return toLogger(destination === undefined ? pino(options) : pino(options, destination))
}

interface Lines {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  child(fields: { [key: string]: Json }): Lines
}

function toLogger(lines: Lines): Logger {
  return {
    debug: (message, fields = {}) => lines.debug(fields, message),
    info: (message, fields = {}) => lines.info(fields, message),
    warn: (message, fields = {}) => lines.warn(fields, message),
    error: (message, fields = {}) => lines.error(fields, message),
    child: (fields) => toLogger(lines.child(fields)),
  }
}
