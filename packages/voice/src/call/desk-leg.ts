import type {
  AudioFrame,
  CloseReason,
  MediaEndpoint,
  ParticipantId,
  SpeechContext,
  SpeechToText,
  VoiceActivityDetector,
} from '@parley/spec'
import { createEndpointLeg, type EndpointLeg } from '../bridge/endpoint-leg.ts'
import type { BridgeRole } from '../bridge/bridge-leg.ts'
import type { CallCore } from './call-core.ts'
import { Hearing } from './hearing.ts'
import type { SharedVad } from './shared-vad.ts'

/** Engines for one more person on a call: each leg is heard on its own (C-5). */
export interface LegSpeech {
  vad: VoiceActivityDetector | undefined
  stt: SpeechToText | undefined
  sharedVad: SharedVad | undefined
}

/** What a leg tells the call it has joined. */
export interface DeskLegHandlers {
  /** What the person says, at the rate of their line. */
  frame(frame: AudioFrame): void
  /** A finished text, spoken or typed; the id makes it once. */
  text(text: string, id: string, source: 'speech' | 'typed'): void
  digit(digit: string): void
  closed(reason: CloseReason): void
}

/** The media of somebody who has joined a call beside its caller, with ears of its own. */
export class DeskLegMedia {
  readonly id: string
  readonly participantId: ParticipantId
  readonly bridgeLeg: EndpointLeg
  readonly endpoint: MediaEndpoint
  readonly #core: CallCore
  readonly #on: DeskLegHandlers
  readonly #abort = new AbortController()
  #hearing: Hearing | undefined
  #isMuted = false
  #starting: Promise<void> | undefined
  #isClosed = false

  constructor(
    core: CallCore,
    {
      id,
      participantId,
      role,
      endpoint,
      on,
    }: { id: string; participantId: ParticipantId; role: BridgeRole; endpoint: MediaEndpoint; on: DeskLegHandlers },
  ) {
    this.id = id
    this.participantId = participantId
    this.endpoint = endpoint
    this.bridgeLeg = createEndpointLeg({ id, role, endpoint })
    this.#core = core
    this.#on = on
  }

  /** Lets the media in, once. @throws {ParleyError} of the endpoint */
  async start(): Promise<void> {
    return (this.#starting ??= this.#start())
  }

  async #start(): Promise<void> {
    await this.endpoint.start({
      onFrame: (frame, atMs) => {
        if (this.#isMuted || this.#isClosed) return
        this.#on.frame(frame)
        this.#hearing?.push(frame, atMs)
      },
      onDtmf: (digit) => this.#on.digit(digit),
      onMuted: (muted) => {
        this.#isMuted = muted
        this.#hearing?.setMuted(muted)
      },
      onTalk: () => {},
      onText: (text, id) => this.#on.text(text, id, 'typed'),
      onTranscript: ({ id, text, final }) => {
        if (final) this.#on.text(text, id, 'speech')
      },
      onInterrupt: () => {},
      onConsent: () => {},
      onState: () => {},
      onClose: (reason) => void this.#closed(reason),
      onStats: () => {},
    })
  }

  /** What the person says is recognized from now on. @throws {ParleyError} of the engines */
  async listen(): Promise<void> {
    if (this.#hearing !== undefined || this.#isClosed || this.endpoint.info.withoutAudio === true) return
    const { parts, language } = this.#core
    const { access, settings, roomId } = parts
    const context: SpeechContext = { ...parts.context, signal: this.#abort.signal }
    const hearing = new Hearing({
      ...parts.legSpeech(),
      clock: access.clock,
      context,
      vadOptions: settings.vad,
      language,
      keyTerms: settings.keyTerms,
      feed: (event) => {
        if (event.type === 'sttFinal' && event.text.trim() !== '') this.#on.text(event.text, event.id, 'speech')
      },
      onHeard: () => {},
      process: (frame) => frame,
      forRecognizer: (frame) => frame,
      onTranscript: () => true,
      onUsage: (audioMs) => this.#core.account.heard(parts.stt?.info.id ?? '', audioMs, parts.stt?.info.pricing),
      // The person is heard by ear; only their transcript is missing.
      onStageFailed: (stage, error) => access.reportError(error, `leg.${stage}`, roomId),
    })
    this.#hearing = hearing
    await hearing.start(this.endpoint.info.inputFormat.sampleRateHz)
  }

  /** Closes the line. Idempotent. */
  async close(reason: CloseReason): Promise<void> {
    await this.#closed(reason)
  }

  async #closed(reason: CloseReason): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.bridgeLeg.end()
    this.#abort.abort()
    this.#on.closed(reason)
    await Promise.allSettled([this.#hearing?.close(), this.endpoint.close(reason)])
  }
}
