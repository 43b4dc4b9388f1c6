import type {
  CallView,
  ClientCallMessage,
  CloseReason,
  Disposer,
  EventFeed,
  MediaStats,
  ParleyError,
  ServerCallMessage,
} from '@parley/spec'
import type { CallStatus } from './call-connection.ts'

type Welcome = Extract<ServerCallMessage, { type: 'welcome' }>

/** What happens in a call. */
export type CallUpdate =
  | Exclude<CallView, { type: 'segment' }>
  | {
      type: 'segment'
      utteranceId: string
      segmentId: string
      agentId: string | null
      kind: string
      phase: 'start' | 'end'
    }
  | { type: 'status'; status: CallStatus; error?: ParleyError }
  /** The page may not make sound: `unlock` in a click. Or a phone call has the microphone. */
  | { type: 'audio'; state: 'running' | 'suspended' | 'microphoneLost' }
  | { type: 'error'; error: ParleyError; fatal: boolean }
  | { type: 'ended'; reason: CloseReason | (string & {}); error?: ParleyError }

/** A caption as it stands; a later one with the same id replaces it. */
export type CallCaption = Extract<CallView, { type: 'caption' }>

/** How a call goes. */
export type CallState = Extract<CallView, { type: 'state' }>

/** A call from this page. */
export interface ClientCall extends EventFeed<CallUpdate> {
  readonly callId: string
  readonly roomId: string
  readonly participantId: string
  readonly status: CallStatus
  readonly state: CallState | undefined
  /** In order of their first word. */
  readonly captions: readonly CallCaption[]
  /** Who answers. */
  readonly agent: Welcome['agent']
  readonly isMuted: boolean
  mute(): void
  unmute(): void
  /** Presses keys, `0-9*#A-D`. @throws {ParleyError} `invalid_options` */
  dtmf(digits: string): void
  /** Says something by typing; gives the id that makes it once. */
  text(text: string): string
  /** Stops the agent. */
  interrupt(): void
  /** Push-to-talk. */
  talk(down: boolean): void
  /** Answers whether the call may be recorded. */
  consent(granted: boolean): void
  /** Changes devices while the call goes on. @throws {ParleyError} `media_device_failed` */
  setDevice(devices: { microphoneId?: string; speakerId?: string }): Promise<void>
  /** Lets the page make sound: call it in a click where `audio` says `suspended`. */
  unlock(): Promise<void>
  stats(): MediaStats
  hangup(): void
  /** Resolves when the call is over. */
  readonly ended: Promise<{ reason: string; error?: ParleyError }>
  [Symbol.dispose](): void
  on<Type extends CallUpdate['type'] | '*'>(
    type: Type,
    listener: (update: Type extends '*' ? CallUpdate : Extract<CallUpdate, { type: Type }>) => void,
  ): Disposer
}

/** What a person may press. */
export const dtmfDigits: RegExp = /^[0-9*#A-D]$/

/** The `hello` field that says what this end can do. */
export type CallCapabilities = Extract<ClientCallMessage, { type: 'hello' }>['capabilities']
