import type { AudioFormat, AudioFrame } from './audio-frame.ts'
import type { EventFeed } from './event-feed.ts'
import type { Disposer } from './json.ts'
import type { Word } from './speech.ts'

/** Why a call's media ended. */
export type CloseReason =
  | 'hangup'
  | 'agent'
  | 'transfer'
  | 'lost'
  | 'idle'
  | 'budget'
  | 'moved'
  | 'takenOver'
  | 'shutdown'
  | 'error'

/** Where an instant of playout is from: reported by the far end, or reckoned. */
export type PositionConfidence = 'confirmed' | 'estimated'

export interface EndpointInfo {
  id: string
  kind: 'websocket' | 'twilio' | 'livekit' | 'test'
  direction: 'inbound' | 'outbound'
  /** What comes from the person. */
  inputFormat: AudioFormat
  /** What the person's end takes. */
  outputFormat: AudioFormat
  /** `client`: the far end removes its echo; `none`: we hear ourselves. */
  echo: 'client' | 'none'
  /** Audio that may wait at the far end. */
  farBufferMs: number
  capabilities: {
    clear: boolean
    pause: 'native' | 'rewind' | 'none'
    played: 'report' | 'mark' | 'clock'
    dtmfOut: boolean
    /** Where keys of the person come from: the endpoint reports them, or they are found in the audio. @default 'report' */
    dtmfIn?: 'report' | 'audio'
  }
  /** No sound comes from the person: they type. They may still hear. @default false */
  withoutAudio?: boolean
}

/** Numbers of the connection. */
export interface MediaStats {
  rttMs?: number
  jitterMs?: number
  underruns?: number
  lost?: number
  outputLatencyMs?: number
}

/** A recognition made at the far end (the browser's own). */
export interface RemoteTranscript {
  id: string
  text: string
  final: boolean
  confidence?: number
  language?: string
}

/** What an endpoint tells the call. */
export interface EndpointHandlers {
  /** 10 to 60 ms of the person, linear, at the input rate; `atMs` is the instant of its arrival. */
  onFrame(frame: AudioFrame, atMs: number): void
  onDtmf(digit: string, durationMs: number): void
  onMuted(muted: boolean): void
  /** Push-to-talk. */
  onTalk(down: boolean): void
  /** Typed by the person; the id makes it once. */
  onText(text: string, id: string): void
  onTranscript(transcript: RemoteTranscript): void
  onInterrupt(): void
  onConsent(kind: 'recording', granted: boolean): void
  onState(state: 'connected' | 'lost' | 'resumed'): void
  onClose(reason: CloseReason): void
  onStats(stats: MediaStats): void
}

/** What a call shows at the person's end, where there is a screen. Endpoints without one leave `show` out. */
export type CallView =
  | { type: 'state'; agent: string; user: string; agentId: string | null; mode: 'agent' | 'human' | 'paused' }
  | {
      type: 'segment'
      epoch: number
      utteranceId: string
      segmentId: string
      agentId: string | null
      kind: string
      phase: 'start' | 'end'
      totalMs?: number
    }
  | {
      type: 'caption'
      id: string
      role: 'user' | 'agent'
      agentId?: string
      name?: string
      text: string
      final: boolean
      interrupted?: boolean
      words?: { text: string; startMs: number; endMs: number }[]
    }
  /** Word counts; `cut` is the index of the first word that was not heard. */
  | { type: 'heard'; utteranceId: string; played: number; confirmed: number; cut?: number }
  | { type: 'agent'; id: string; name: string; voice: string | null }
  | { type: 'handoff'; from: string | null; to: string | null; phase?: string; reason?: string }
  | { type: 'language'; language: string }
  | { type: 'hold'; on: boolean }
  | { type: 'bridge'; mode: string; participants: string[] }
  | { type: 'recording'; state: 'off' | 'asking' | 'on' | 'paused' | 'refused' | 'done' }
  | { type: 'input'; mode: 'digits' | 'none'; sensitive: boolean; prompt?: string; requestId?: string; digits?: number }
  | { type: 'notice'; code: string; message: string }
  | { type: 'metrics'; metrics: Record<string, number> }
  /** How loud each side was since the last of these: loudest sample in dBFS, -100 to 0; for people of the desk on the call. */
  | { type: 'levels'; caller: number; agent: number; desk: number }

/** One person's media, in and out. */
export interface MediaEndpoint {
  readonly info: EndpointInfo
  /** Begins to deliver; called once. */
  start(handlers: EndpointHandlers): Promise<void>
  readonly output: AudioOutput
  /** Where the person's end has a screen. */
  show?(view: CallView): void
  sendDtmf?(digits: string): Promise<void>
  /** Idempotent; done within 2 s. */
  close(reason: CloseReason): Promise<void>
}

/** Where sound of a call stands: settled once per segment. Positions count from the start of the segment. */
export interface OutputEvent {
  type: 'started' | 'progress' | 'finished' | 'cleared'
  epoch: number
  utteranceId: string
  segmentId: string
  positionMs: number
  confidence: PositionConfidence
  atMs: number
  /** Of `finished`: whether it was cut. */
  interrupted?: boolean
  /** Of `finished`: the watchdog gave up on it. */
  stalled?: boolean
  /** Of `progress`: the better source of positions went silent, and they are taken from here from now on. */
  source?: 'report' | 'mark' | 'clock'
}

/** One contiguous piece of speech. */
export interface OutputSegment {
  readonly segmentId: string
  /** Takes a frame of the segment's format; after `full` nothing is taken until `ready` resolves. */
  capture(frame: AudioFrame): 'ok' | 'full'
  /** Resolves when there is room again, or the segment is over. */
  ready(): Promise<void>
  /** Where the words of the audio are, from the segment's start. */
  words(words: readonly Word[]): void
  /** No more audio comes. */
  flush(): void
}

export interface ClearResult {
  /** The new one. */
  epoch: number
  /** What was heard of the utterance that played, from its start. */
  heardMs: number
  /** The segment that was playing and the position in it; absent when nothing played. */
  segmentId?: string
  positionMs?: number
  confidence: PositionConfidence
}

/** Plays speech to one person. Decisions take effect at once; events follow the sound. */
export interface AudioOutput extends EventFeed<OutputEvent> {
  readonly epoch: number
  open(segment: {
    utteranceId: string
    segmentId: string
    format: AudioFormat
    agentId?: string
    kind?: string
    /** Attenuation. @default 0 */
    gainDb?: number
  }): OutputSegment
  /** Drops everything that has not been heard: far end first. */
  clear(): ClearResult
  /** `false` where the endpoint cannot. */
  pause(): boolean
  resume(): void
  /** Audio captured and not yet heard, in milliseconds. */
  readonly queuedMs: number
  /** Whether anything audible is on its way or playing. */
  readonly isPlaying: boolean
  /** Hears each frame as it goes to the far end, at the output rate, with the instant its first sample is audible there. */
  tap?(listener: (frame: AudioFrame, audibleAtMs: number) => void): Disposer
  /** Mixes into every outgoing frame, in place, from now on; `alwaysOn` sends frames also while nobody speaks. */
  setMixer?(mixer: OutputMixer | undefined, options?: { alwaysOn?: boolean }): void
}

/** Mixes sound into an outgoing frame, in place; `isSpeech` says whether speech is in it. */
export type OutputMixer = (samples: Int16Array, isSpeech: boolean) => void
