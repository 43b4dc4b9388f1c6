import {
  ParleyError,
  toParleyError,
  type AudioFormat,
  type AudioFrame,
  type ChannelId,
  type SpeechContext,
  type TextToSpeech,
  type TtsEvent,
  type TtsStream,
  type Word,
} from '@parley/spec'
import { within } from '../speech/within.ts'

/** What is known of an agent's voice. */
export interface VoicedAgent {
  readonly channelId: ChannelId
  readonly name?: string | undefined
  readonly language?: string | undefined
  readonly voice?: string | Readonly<Record<string, string>> | undefined
  readonly voices?: Readonly<Record<string, string>> | undefined
}

/** Where a voice may come from besides the agent (G-4). */
export interface VoiceChoice {
  /** Of this call, for all agents. */
  override?: string | undefined
  language?: string | undefined
  /** Id of the engine: agents may have a voice for each. */
  engine: string
  voiceMap?: Readonly<Record<ChannelId, string>> | undefined
  defaultVoice?: string | undefined
}

/**
 * The voice an agent speaks with: the call's, the agent's for the language, the agent's, the channel's map, the
 * channel's default. Undefined where nothing says.
 */
export function chooseVoice(agent: VoicedAgent | undefined, choice: VoiceChoice): string | undefined {
  if (choice.override !== undefined) return choice.override
  const { language, engine } = choice
  const ofLanguage =
    language === undefined ? undefined : (agent?.voices?.[language] ?? agent?.voices?.[language.split('-')[0] ?? ''])
  const own = typeof agent?.voice === 'string' ? agent.voice : agent?.voice?.[engine]
  const mapped = agent === undefined ? undefined : choice.voiceMap?.[agent.channelId]
  return ofLanguage ?? own ?? mapped ?? choice.defaultVoice
}

/** Refuses a voice its engine does not list. @throws {ParleyError} `voice_unknown` */
export async function checkVoice(tts: TextToSpeech, voice: string, agentId?: ChannelId): Promise<void> {
  const voices = await tts.info.voices()
  if (voices.some(({ id }) => id === voice)) return
  const known = voices.map(({ id }) => id)
  const whose = agentId === undefined ? '' : ` of agent ${agentId}`
  throw new ParleyError({
    code: 'voice_unknown',
    message: `The engine ${tts.info.id} has no voice "${voice}"${whose}. It has: ${known.join(', ')}.`,
    details: { voice, engine: tts.info.id, known, ...(agentId === undefined ? {} : { agentId }) },
  })
}

/** Who waits for the sound of a segment. */
export interface SegmentSink {
  /** The frame is used again after returning. */
  audio(frame: AudioFrame): void
  words(words: readonly Word[]): void
  done(isCached: boolean): void
  failed(error: ParleyError): void
}

/** One voice of a call, open to speak. */
export interface OpenVoice {
  readonly voice: string
  speak(text: string, segment: { segmentId: string; last: boolean }, sink: SegmentSink): void
  cancel(segmentId: string): void
}

/** The voices of one call: each is opened once per language and kept until the call ends. */
export class VoiceBank {
  readonly #tts: TextToSpeech
  readonly #format: AudioFormat
  readonly #context: SpeechContext
  readonly #open = new Map<string, Promise<RoutedVoice>>()
  readonly #opened = new Set<RoutedVoice>()
  readonly #openMs: number
  #isClosed = false

  /** `openMs`: how long a voice may take to open. */
  constructor(tts: TextToSpeech, format: AudioFormat, context: SpeechContext, openMs: number) {
    this.#openMs = openMs
    this.#tts = tts
    this.#format = format
    this.#context = context
  }

  get engine(): string {
    return this.#tts.info.id
  }

  /** Opens a voice, or gives the open one. @throws {ParleyError} of the engine */
  async get(voice: string, language?: string): Promise<OpenVoice> {
    const key = `${voice}\0${language ?? ''}`
    const known = this.#open.get(key)
    if (known !== undefined && !(await known).isOver) return known
    const opening = this.#start(key, voice, language)
    this.#open.set(key, opening)
    try {
      return await opening
    } catch (error) {
      if (this.#open.get(key) === opening) this.#open.delete(key)
      throw error
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const opened = [...this.#opened]
    this.#open.clear()
    this.#opened.clear()
    await Promise.allSettled(opened.map((voice) => voice.close()))
  }

  async #start(key: string, voice: string, language: string | undefined): Promise<RoutedVoice> {
    const opening = this.#tts.open(
      { voice, format: this.#format, ...(language === undefined ? {} : { language }) },
      this.#context,
    )
    const stream = await within(this.#context.clock, this.#openMs, opening, {
      code: 'voice_tts_silent',
      message: `The voice ${voice} could not be opened within ${this.#openMs} ms. It is opened again for the next sentence.`,
      late: (opened) => void opened.close().catch(() => this.#context.telemetry.count('voice.closeErrors')),
    })
    const routed = new RoutedVoice(voice, stream)
    if (this.#isClosed) await routed.close()
    else this.#opened.add(routed)
    return routed
  }
}

/** Gives each segment of a stream what is its own. */
class RoutedVoice implements OpenVoice {
  readonly voice: string
  readonly #stream: TtsStream
  readonly #sinks = new Map<string, SegmentSink>()
  isOver = false

  constructor(voice: string, stream: TtsStream) {
    this.voice = voice
    this.#stream = stream
    void this.#read()
  }

  speak(text: string, segment: { segmentId: string; last: boolean }, sink: SegmentSink): void {
    if (this.isOver) return sink.failed(streamEnded(this.voice))
    this.#sinks.set(segment.segmentId, sink)
    this.#stream.speak(text, segment)
  }

  cancel(segmentId: string): void {
    if (!this.#sinks.delete(segmentId) || this.isOver) return
    this.#stream.cancel(segmentId)
  }

  async close(): Promise<void> {
    this.isOver = true
    this.#sinks.clear()
    await this.#stream.close()
  }

  async #read(): Promise<void> {
    try {
      for await (const event of this.#stream.events) this.#route(event)
      this.#fail(streamEnded(this.voice))
    } catch (error) {
      this.#fail(
        toParleyError(error, {
          code: 'voice_tts_failed',
          message: `The voice ${this.voice} broke off. Its error is the cause.`,
        }),
      )
    }
  }

  #route(event: TtsEvent): void {
    switch (event.type) {
      case 'audio':
        return this.#sinks.get(event.segmentId)?.audio(event.frame)
      case 'words':
        return this.#sinks.get(event.segmentId)?.words(event.words)
      case 'done': {
        const sink = this.#sinks.get(event.segmentId)
        this.#sinks.delete(event.segmentId)
        return sink?.done(event.cached === true)
      }
      case 'error': {
        if (event.segmentId === undefined) return this.#fail(event.error)
        const sink = this.#sinks.get(event.segmentId)
        this.#sinks.delete(event.segmentId)
        return sink?.failed(event.error)
      }
      case 'usage':
        return
    }
  }

  #fail(error: ParleyError): void {
    this.isOver = true
    const open = [...this.#sinks.values()]
    this.#sinks.clear()
    for (const sink of open) sink.failed(error)
  }
}

function streamEnded(voice: string): ParleyError {
  return new ParleyError({
    code: 'voice_tts_failed',
    message: `The voice ${voice} ended before it had spoken. It is opened again for the next sentence.`,
    details: { voice },
  })
}
