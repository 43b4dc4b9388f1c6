import type { Clock, Json } from '@parley/spec'
import { SafeDeltas } from './safe-deltas.ts'

/** What the pieces of a channel are shown with. */
interface DeltaChannelOptions {
  clock: Clock
  /** Takes credentials out of a text; an end that it cuts off stays cut off when more follows. */
  redact: (text: string) => string
  /** On every event, such as the name of the channel. */
  fields: { [key: string]: Json }
  /** Whether each piece comes with all that was shown before it. */
  isWhole: boolean
  note: (type: 'step_delta' | 'step_restart', data: { [key: string]: Json }) => void
}

/** Between two pieces of one channel, in ms: words that come faster are shown together. */
const PIECE_MS = 50

/** One text of an attempt as it is shown while it is written: the first piece at once, then what has gathered. */
export class DeltaChannel {
  readonly #options: DeltaChannelOptions
  #safe: SafeDeltas
  #gathered = ''
  #soFar = ''
  #stopTimer: (() => void) | undefined

  constructor(options: DeltaChannelOptions) {
    this.#options = options
    this.#safe = this.#open()
  }

  add(delta: string): void {
    this.#safe.add(delta)
  }

  /** Shows what is held back; nothing more comes for now. */
  end(): void {
    this.#safe.end()
    this.#stop()
    this.#send()
  }

  /** The whole text, as it has turned out. One that did not come in pieces is shown as one piece before. */
  complete(text: string): void {
    const { note, fields, redact } = this.#options
    const whole = redact(text)
    if (this.#soFar === '' && this.#gathered === '' && whole !== '') this.#gathered = whole
    this.end()
    note('step_delta', { ...fields, text: whole, final: true })
    this.#soFar = ''
  }

  /** What of it there is, as the whole text. */
  completeSoFar(): void {
    this.end()
    if (this.#soFar !== '') this.complete(this.#soFar)
  }

  /** What was shown is not the answer: whoever has gathered it throws it away. */
  restart(reason: string): void {
    const { note, fields } = this.#options
    this.#stop()
    this.#gathered = ''
    this.#safe = this.#open()
    if (this.#soFar === '') return
    this.#soFar = ''
    note('step_restart', { ...fields, reason })
  }

  #open(): SafeDeltas {
    return new SafeDeltas(this.#options.redact, (piece) => {
      this.#gathered += piece
      if (this.#stopTimer === undefined) this.#sendTimed()
    })
  }

  #sendTimed(): void {
    this.#stopTimer = undefined
    if (this.#gathered === '') return
    this.#send()
    this.#stopTimer = this.#options.clock.setTimer(PIECE_MS, () => this.#sendTimed())
  }

  #send(): void {
    const { fields, isWhole, note } = this.#options
    if (this.#gathered === '') return
    const text = this.#gathered
    this.#gathered = ''
    this.#soFar += text
    note('step_delta', { ...fields, text, ...(isWhole ? { so_far: this.#soFar } : {}) })
  }

  #stop(): void {
    this.#stopTimer?.()
    this.#stopTimer = undefined
  }
}
