import { noTelemetry, type Clock, type IdSource, type SocketFactory, type SpeechContext } from '@parley/spec'
import { createSeededIds } from '../seeded-ids.ts'
import { createVirtualClock } from '../virtual-clock.ts'

/** Options of `createTestSpeechContext`. */
export interface TestSpeechContextOptions {
  /** @default a virtual clock */
  clock?: Clock
  ids?: IdSource
  /** @default one that is never aborted */
  signal?: AbortSignal
  /** @default refuses: nothing may be connected */
  sockets?: SocketFactory
  /** @default refuses: nothing may be fetched */
  fetch?: typeof fetch
  callId?: string
}

/** A context for speech adapters that reaches no network unless given a way. */
export function createTestSpeechContext({
  clock = createVirtualClock(),
  ids = createSeededIds(1),
  signal = new AbortController().signal,
  sockets = () => Promise.reject(new Error('No socket was expected to be opened.')),
  fetch = () => Promise.reject(new Error('Nothing was expected to be fetched.')),
  callId,
}: TestSpeechContextOptions = {}): SpeechContext {
  return { clock, ids, signal, sockets, fetch, telemetry: noTelemetry, ...(callId !== undefined && { callId }) }
}
