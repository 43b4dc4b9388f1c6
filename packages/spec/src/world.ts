import type { Disposer, Json } from './json.ts'

/** Time, as a port: everything that waits or stamps takes it from here. */
export interface Clock {
  /** Wall time in milliseconds since the epoch; for stored instants only. */
  now(): number
  /** Milliseconds that never go back; for all deadlines and durations. */
  monotonicMs(): number
  /** Runs `run` once, not before `delayMs`; 0 is the next turn of the loop. */
  setTimer(delayMs: number, run: () => void): Disposer
  /** Waits; an abort rejects with the signal's reason. */
  sleep(delayMs: number, options?: { signal?: AbortSignal }): Promise<void>
}

/** Names and randomness, as a port. */
export interface IdSource {
  /** `<prefix>_<26 characters>`, unique, ordered by time of creation within a process. */
  next(prefix: string): string
  /** A UUIDv7. */
  uuid(): string
  /** An unguessable, URL-safe token. @default 32 bytes */
  token(bytes?: number): string
  /** In [0, 1). */
  random(): number
}

/** A two-way connection that carries whole messages. */
export interface Socket {
  /** Sends one message; after close it is dropped and counted, never thrown. */
  send(data: string | Uint8Array): void
  /** Bytes accepted and not yet handed to the network. */
  readonly bufferedAmount: number
  ping(): void
  close(code?: number, reason?: string): void
  /** Messages in order, ending after the last one when the socket closes; one consumer. */
  readonly frames: AsyncIterable<string | Uint8Array>
  readonly closed: Promise<{ code: number; reason: string; clean: boolean }>
}

/** Opens client sockets. */
export type SocketFactory = (
  url: string,
  options?: { protocols?: string[]; headers?: Record<string, string>; signal?: AbortSignal },
) => Promise<Socket>

/** Limits how often something may happen, per key. */
export interface RateLimiter {
  take(key: string, cost?: number): Promise<{ allowed: true } | { allowed: false; retryAfterMs: number }>
}

/** Refuses addresses that must not be fetched; rejects with `ssrf_refused`. */
export interface UrlGuard {
  check(url: string, purpose: 'tool' | 'media' | 'webhook'): Promise<void>
}

/** Structured logs: a static message plus fields; people's words only under a `pii` key. */
export interface Logger {
  debug(message: string, fields?: Record<string, Json>): void
  info(message: string, fields?: Record<string, Json>): void
  warn(message: string, fields?: Record<string, Json>): void
  error(message: string, fields?: Record<string, Json>): void
  child(fields: Record<string, Json>): Logger
}

export type Attributes = Record<string, string | number | boolean>

/** One timed piece of work. */
export interface Span {
  set(attributes: Attributes): void
}

/** Traces and measurements. */
export interface Telemetry {
  span<T>(name: string, attributes: Attributes, run: (span: Span) => Promise<T>): Promise<T>
  count(name: string, value?: number, attributes?: Attributes): void
  record(name: string, value: number, attributes?: Attributes): void
}

const silence = (): void => {}
const noSpan: Span = { set: silence }

/** A logger that does nothing. */
export const noLogger: Logger = { debug: silence, info: silence, warn: silence, error: silence, child: () => noLogger }

/** Telemetry that does nothing but run the work. */
export const noTelemetry: Telemetry = {
  span: (_name, _attributes, run) => run(noSpan),
  count: silence,
  record: silence,
}
