import type { SpeechPricing, SttInfo } from '@parley/spec'

/** A piece of wire traffic, for a report from the field. Credentials are never in it. */
export interface RecordedFrame {
  /** Since the stream was opened. */
  atMs: number
  direction: 'in' | 'out'
  /** A text message; words are masked unless `recordText` is set. */
  text?: string
  /** Length of a binary message. */
  bytes?: number
}

/** Options of `createDeepgramStt`: any server that speaks this wire format. */
export interface DeepgramSttOptions {
  /** Without path. @default 'wss://api.deepgram.com' */
  baseUrl?: string
  /** Asked anew for each connection if it is a function. @default none is sent */
  apiKey?: string | (() => string | Promise<string>)
  /** @default 'nova-3' */
  model?: string
  /** `turns` is the turn-based interface (`/v2/listen`). @default 'turns' for models named flux, else 'results' */
  interface?: 'results' | 'turns'
  /** @default 'any' */
  languages?: SttInfo['languages']
  /** Silence that ends an utterance, `results` only. @default 300 */
  endpointingMs?: number
  /** Gap after the last word that ends an utterance if nothing else does, `results` only, at least 1 000. @default 1 000 */
  utteranceEndMs?: number
  /** Punctuation, numbers and dates as they are written, `results` only. @default true */
  smartFormat?: boolean
  /** Confidence that ends a turn, `turns` only. @default 0.7 */
  eotThreshold?: number
  /** Confidence at which the reply may be prepared, `turns` only; 0 is never. @default 0 */
  eagerEotThreshold?: number
  /** Silence that ends a turn in any case, `turns` only. @default 5 000 */
  eotTimeoutMs?: number
  /** How often a sign of life is sent while nothing else is. @default 4 000 */
  keepAliveMs?: number
  /** @default 10 000 */
  connectTimeoutMs?: number
  /** Longest wait for the answer to `finalize`. @default 1 000 */
  finalizeTimeoutMs?: number
  /** Audio without any answer after which the connection counts as dead; words without a final are final after this time. @default 5 000 */
  stallMs?: number
  /** Connections in a row that may fail after the first. @default 3 */
  maxReconnects?: number
  /** Unsent bytes beyond which audio is dropped. @default 262 144 */
  maxBufferedBytes?: number
  pricing?: SpeechPricing
  /** Gets the wire traffic. */
  record?: (frame: RecordedFrame) => void
  /** Records words as they are. @default false */
  recordText?: boolean
}

/** Options with their defaults. */
export interface DeepgramSettings {
  baseUrl: string
  apiKey: string | (() => string | Promise<string>) | null
  model: string
  interface: 'results' | 'turns'
  endpointingMs: number
  utteranceEndMs: number
  smartFormat: boolean
  eotThreshold: number
  eagerEotThreshold: number
  eotTimeoutMs: number
  keepAliveMs: number
  connectTimeoutMs: number
  finalizeTimeoutMs: number
  stallMs: number
  maxReconnects: number
  maxBufferedBytes: number
  record: ((frame: RecordedFrame) => void) | null
  recordText: boolean
}

/** All option names: others are refused. */
export const deepgramOptionNames: readonly string[] = [
  'baseUrl',
  'apiKey',
  'model',
  'interface',
  'languages',
  'endpointingMs',
  'utteranceEndMs',
  'smartFormat',
  'eotThreshold',
  'eagerEotThreshold',
  'eotTimeoutMs',
  'keepAliveMs',
  'connectTimeoutMs',
  'finalizeTimeoutMs',
  'stallMs',
  'maxReconnects',
  'maxBufferedBytes',
  'pricing',
  'record',
  'recordText',
]

/** Puts the defaults under the options. */
export function resolveDeepgramSettings(options: DeepgramSttOptions): DeepgramSettings {
  const { model = 'nova-3' } = options
  return {
    baseUrl: (options.baseUrl ?? 'wss://api.deepgram.com').replace(/^http/, 'ws').replace(/\/+$/, ''),
    apiKey: options.apiKey ?? null,
    model,
    interface: options.interface ?? (model.startsWith('flux') ? 'turns' : 'results'),
    endpointingMs: options.endpointingMs ?? 300,
    utteranceEndMs: Math.max(1_000, options.utteranceEndMs ?? 1_000),
    smartFormat: options.smartFormat ?? true,
    eotThreshold: options.eotThreshold ?? 0.7,
    eagerEotThreshold: options.eagerEotThreshold ?? 0,
    eotTimeoutMs: options.eotTimeoutMs ?? 5_000,
    keepAliveMs: options.keepAliveMs ?? 4_000,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    finalizeTimeoutMs: options.finalizeTimeoutMs ?? 1_000,
    stallMs: options.stallMs ?? 5_000,
    maxReconnects: options.maxReconnects ?? 3,
    maxBufferedBytes: options.maxBufferedBytes ?? 262_144,
    record: options.record ?? null,
    recordText: options.recordText ?? false,
  }
}
