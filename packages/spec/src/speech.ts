import type { AudioChunk, AudioFormat, AudioFrame } from './audio-frame.ts'
import type { Json } from './json.ts'
import type { ParleyError } from './parley-error.ts'
import type { Clock, IdSource, SocketFactory, Telemetry } from './world.ts'

/** What adapters of speech work with: all traffic goes through `sockets` and `fetch`, all waits through `clock`. */
export interface SpeechContext {
  clock: Clock
  ids: IdSource
  /** Ends the stream and everything it opened. */
  signal: AbortSignal
  sockets: SocketFactory
  fetch: typeof fetch
  telemetry: Telemetry
  callId?: string
}

/** A word with its place in time: on the call's clock for what was heard, from the start of its segment for what is spoken. */
export interface Word {
  text: string
  startMs: number
  endMs: number
  /** 0 to 1. */
  confidence?: number
  /** Where the times are from. @default 'native' */
  source?: WordTimingSource
}

export type WordTimingSource = 'native' | 'char' | 'estimate' | 'provider'

/** What the person is expected to say next. Lengths are in digits or letters. */
export interface TurnHint {
  expect: 'digits' | 'spelling' | 'email' | 'yesNo' | 'name' | 'date' | 'free'
  minLength?: number
  maxLength?: number
  /** A grammar in JSGF, for recognizers that take one. */
  grammar?: string
  /** Words that are likely, for recognizers with a small vocabulary. */
  words?: readonly string[]
}

/** Price of speech, in integer nano-USD. */
export interface SpeechPricing {
  perMinute?: number
  perCharacter?: number
  perRequest?: number
}

export interface SttInfo {
  id: string
  /** Whether audio is recognized while it comes; `false` means batch only. */
  streaming: boolean
  interim: boolean
  wordTimings: boolean
  /** Whether the recognizer says itself that a person has finished. */
  endOfSpeech: boolean
  languages: readonly string[] | 'any'
  /** What it takes, best first. */
  formats: readonly AudioFormat[]
  /** From the end of speech to the final text; `perSecondMs` is added per second of audio (batch). */
  finalLatency: { p50Ms: number; p99Ms: number; perSecondMs?: number }
  pricing?: SpeechPricing
}

export interface SttOpen {
  language?: string
  format: AudioFormat
  interim?: boolean
  keyTerms?: readonly string[]
  hints?: TurnHint
}

/** One recognized utterance of a batch recognizer. */
export interface Transcript {
  text: string
  /** From the start of the clip. */
  words?: Word[]
  confidence?: number
  language?: string
}

export type SttEvent =
  | {
      type: 'interim' | 'final'
      /** A later event with the same id replaces the text. */
      id: string
      text: string
      /** On the call's clock. */
      words?: Word[]
      confidence?: number
      language?: string
      speaker?: string
      /** Probably the end of the turn: worth starting to think. */
      eager?: boolean
    }
  /** Instants are on the call's clock. `speechResumed` takes an `eager` final back. */
  | { type: 'speechStart' | 'speechEnd' | 'speechResumed'; atMs?: number }
  | { type: 'usage'; audioMs: number }
  | { type: 'error'; error: ParleyError }

/** Recognition of one person in one call. */
export interface SttStream {
  push(frame: AudioFrame): void
  /** Asks for the final of what was pushed: one comes within `finalLatency.p99Ms`, empty if nothing was said. */
  finalize(): void
  /** Advances the recognizer's clock by quiet audio of that length. */
  silence(ms: number): void
  /** `reopen` means the change needs a new stream. */
  update(change: { language?: string; keyTerms?: readonly string[]; hints?: TurnHint }): Promise<'applied' | 'reopen'>
  /** One consumer; ends after `close`. */
  readonly events: AsyncIterable<SttEvent>
  close(): Promise<void>
}

/** Turns speech into text. */
export interface SpeechToText {
  readonly info: SttInfo
  open(options: SttOpen, context: SpeechContext): Promise<SttStream>
  /** Recognizes a whole clip; batch recognizers have only this behind `createSegmentedStt`. */
  transcribe?(audio: AudioChunk, options: SttOpen, context: SpeechContext): Promise<Transcript>
}

export interface Voice {
  id: string
  name: string
  languages: readonly string[]
}

export interface TtsInfo {
  id: string
  /** Whether text may come in pieces; otherwise it is fed by sentences. */
  streamingInput: boolean
  wordTimings: 'native' | 'char' | 'estimate' | 'none'
  voices(): Promise<readonly Voice[]>
  /** What it yields, best first. */
  formats: readonly AudioFormat[]
  /** Segments that may be open at once. @default no limit */
  maxContexts?: number
  firstAudioMs: { p50: number; p99: number }
  /** Whether equal input gives equal audio, so that it may be cached. */
  deterministic: boolean
  pricing?: SpeechPricing
}

export interface TtsOpen {
  voice: string
  language?: string
  format: AudioFormat
  /** 1 is normal. */
  speed?: number
  settings?: Json
}

export type TtsEvent =
  | { type: 'audio'; segmentId: string; frame: AudioFrame }
  /** Times from the start of the segment's audio. Words that begin before known ones end replace those. */
  | { type: 'words'; segmentId: string; words: Word[] }
  | { type: 'done'; segmentId: string; cached?: boolean }
  | { type: 'usage'; characters: number }
  | { type: 'error'; segmentId?: string; error: ParleyError }

/** One voice speaking in one call. */
export interface TtsStream {
  /** Adds text to a segment; `last` ends it. */
  speak(text: string, options: { segmentId: string; last: boolean }): void
  /** No more audio of the segment is wanted. */
  cancel(segmentId: string): void
  /** One consumer; ends after `close`. */
  readonly events: AsyncIterable<TtsEvent>
  close(): Promise<void>
}

/** Turns text into speech. */
export interface TextToSpeech {
  readonly info: TtsInfo
  /** @throws {ParleyError} `voice_unknown`, `audio_format_unsupported` */
  open(options: TtsOpen, context: SpeechContext): Promise<TtsStream>
}

/** Where speech that was made before is kept. Keys are 64 hexadecimal digits. */
export interface TtsCacheStore {
  get(key: string): Promise<Uint8Array | undefined>
  set(key: string, bytes: Uint8Array): Promise<void>
  delete(key: string): Promise<void>
  /** What is there already, least recently used first. */
  list(): Promise<readonly { key: string; bytes: number }[]>
}

/** How likely one window of audio is speech. */
export interface VadResult {
  /** 0 to 1. */
  probability: number
  /** End of the window, on the call's clock. */
  atMs: number
  /** Level of the window in dBFS. */
  rms: number
}

export interface VadOptions {
  sampleRateHz: 8000 | 16000
  /** Called in order, once for each window, at once or later where inference runs elsewhere. */
  onResult(result: VadResult): void
  /** Called when the detector cannot go on. */
  onError?(error: ParleyError): void
}

/** Speech detection of one person in one call. */
export interface VadStream {
  /** Any length; `atMs` is the instant of the frame's last sample on the call's clock. */
  push(frame: AudioFrame, atMs: number): void
  /** Forgets all context. */
  reset(): void
  close(): Promise<void>
}

/** Tells speech from silence. */
export interface VoiceActivityDetector {
  readonly info: { id: string; windowSamples: number; sampleRateHz: 8000 | 16000; contextSamples: number }
  create(options: VadOptions): VadStream
}

export interface TurnPredictionInput {
  turns: readonly { role: 'user' | 'assistant'; text: string }[]
  /** What the person has said of the open turn. */
  text: string
  audio?: Int16Array
  language?: string
  hint?: TurnHint
  signal: AbortSignal
}

/** Tells whether a person has finished. */
export interface TurnDetector {
  readonly info: {
    id: string
    languages: readonly string[]
    modality: 'text' | 'audio' | 'both'
    /** By language; `default` for the others. */
    thresholds: Readonly<Record<string, number>>
  }
  /** Probability that the turn is over; `null` where it cannot tell (language). */
  predict(input: TurnPredictionInput): Promise<number | null>
}

/** Tells "mm-hm" from an interruption. */
export interface BackchannelDetector {
  isBackchannel(input: { text: string; language?: string; durationMs: number }): boolean | Promise<boolean>
}

/** A stage that every frame of the person passes before it is judged and recognized. */
export interface AudioProcessor {
  readonly id: string
  /** May change the samples in place and give the same frame back. */
  process(frame: AudioFrame): AudioFrame
  reset(): void
}
