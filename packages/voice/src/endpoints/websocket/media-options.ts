import { checkOptions, ParleyError, type Clock, type IdSource, type Logger } from '@parley/spec'

/** Who may be on a call, as the host decides it. */
export interface CallGrant {
  /** Whose call it is; resuming and taking over need the same. */
  identity: string
  roomId: string
  participantId: string
  /** Who answers first, where known. @default null */
  agent?: { id: string; name: string; voice: string | null } | null
  /** Told to the person's end; `metrics` lets it see the numbers of turns. @default none */
  features?: readonly string[]
}

/** What a person's end showed to be let in. */
export interface CallCredentials {
  callId: string
  /** Of the first message. */
  token?: string
  /** What the host's server made of a token that came with the upgrade. */
  principal?: unknown
  request?: Request
}

/** Limits and times of `createWebSocketMedia`. Durations are milliseconds, sizes bytes. */
export interface WebSocketMediaLimits {
  /** How long a lost call waits for its person. @default 30 000 */
  resumeWindowMs: number
  /** @default 5 000 */
  helloTimeoutMs: number
  /** How often the person's end pings; two missed ones mean lost. @default 15 000 */
  pingIntervalMs: number
  /** Messages kept to be sent again. @default 512 */
  ringMessages: number
  /** A text message. @default 65 536 */
  messageBytes: number
  /** Text messages of one socket. @default 200 */
  messagesPerSecond: number
  /** Not yet taken by the peer; beyond, what can be left out is. @default 262 144 */
  shedBytes: number
  /** Not yet taken by the peer; beyond for `slowMs`, the socket is closed. @default 1 048 576 */
  slowBytes: number
  /** @default 5 000 */
  slowMs: number
  /** Between two `heard` messages. @default 100 */
  heardIntervalMs: number
}

export const defaultWebSocketMediaLimits: WebSocketMediaLimits = {
  resumeWindowMs: 30_000,
  helloTimeoutMs: 5_000,
  pingIntervalMs: 15_000,
  ringMessages: 512,
  messageBytes: 65_536,
  messagesPerSecond: 200,
  shedBytes: 262_144,
  slowBytes: 1_048_576,
  slowMs: 5_000,
  heardIntervalMs: 100,
}

/** Options of `createWebSocketMedia`. */
export interface WebSocketMediaOptions extends Partial<WebSocketMediaLimits> {
  clock: Clock
  ids: IdSource
  /** Says whose call it is; `unauthorized` closes 4401, `forbidden` 4403. */
  authorize(credentials: CallCredentials): Promise<CallGrant | 'unauthorized' | 'forbidden'>
  /** Calls that one identity may have at a time, asked before a new one begins. @default no limit */
  enter?(identity: string): (() => void) | undefined
  logger?: Logger
}

/**
 * Checks options and fills in the limits.
 * @throws {ParleyError} `invalid_options`
 */
export function resolveMediaLimits(options: WebSocketMediaOptions): WebSocketMediaLimits {
  const names = Object.keys(defaultWebSocketMediaLimits)
  checkOptions('createWebSocketMedia', options, ['clock', 'ids', 'authorize', 'enter', 'logger', ...names])
  const { clock: _clock, ids: _ids, authorize: _authorize, enter: _enter, logger: _logger, ...limits } = options
  for (const [name, value] of Object.entries(limits)) {
    if (Number.isInteger(value) && value > 0) continue
    throw new ParleyError({
      code: 'invalid_options',
      message: `${name} must be a whole number above 0.`,
      details: { path: name, expected: 'positive integer' },
    })
  }
  return { ...defaultWebSocketMediaLimits, ...limits }
}
