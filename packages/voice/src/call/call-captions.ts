import type { CallView, ChannelId, Clock, Disposer } from '@parley/spec'
import type { HeardLedger } from '../ledger/heard-ledger.ts'
import type { Utterance } from './utterance.ts'

/** At most ten `heard` messages a second. */
const HEARD_EVERY_MS = 100

type Caption = Extract<CallView, { type: 'caption' }>

/** What captions need of the call. */
export interface CaptionParts {
  clock: Clock
  ledger: HeardLedger
  /** Absent where the person's end has no screen. */
  show: ((view: CallView) => void) | undefined
  agentName(agentId: ChannelId): string | undefined
  /** Whether what people say must pass a hook before it is shown. */
  holdsTranscripts(): boolean
}

/** Who says what, and how much of it was heard, on the person's screen. */
export class CallCaptions {
  readonly #parts: CaptionParts
  readonly #shownAtMs = new Map<string, number>()
  readonly #pending = new Map<string, Disposer>()
  #turn = 0
  #lastSpeech: Caption | undefined

  constructor(parts: CaptionParts) {
    this.#parts = parts
  }

  /** What was understood so far of the open turn. */
  interim(text: string): void {
    if (text === '' || this.#parts.holdsTranscripts()) return
    this.#parts.show?.({ type: 'caption', id: `user-${this.#turn}`, role: 'user', text, final: false })
  }

  /** The person's turn as it is in the log; empty text takes the row back. */
  turn(text: string): void {
    this.#parts.show?.({ type: 'caption', id: `user-${this.#turn}`, role: 'user', text, final: true })
    this.#turn += 1
  }

  /** Text of an agent, as it is generated and when it is over. */
  speech(utterance: Utterance, { isFinal, isCut }: { isFinal: boolean; isCut: boolean }): void {
    const { show, agentName, ledger } = this.#parts
    if (show === undefined) return
    const { id, agentId, generatedText } = utterance
    // An agent that listens has nothing to show.
    if (generatedText.trim() === '') return
    const name = agentId === null ? undefined : agentName(agentId)
    const words = ledger.utterance(id)?.words ?? []
    const caption: Caption = {
      type: 'caption',
      id,
      role: 'agent',
      text: words.length === 0 ? generatedText : joined(words),
      final: isFinal,
      ...(agentId === null ? {} : { agentId }),
      ...(name === undefined ? {} : { name }),
      ...(isCut ? { interrupted: true } : {}),
      ...(words.length === 0
        ? {}
        : {
            words: words.map(({ text, startMs, endMs }) => ({
              text,
              startMs: Math.floor(startMs),
              endMs: Math.floor(endMs),
            })),
          }),
    }
    // Told at each stage of a sentence, most of which change nothing that is seen.
    if (this.#lastSpeech !== undefined && isSame(this.#lastSpeech, caption)) return
    this.#lastSpeech = caption
    show(caption)
  }

  /** How many words were played and confirmed; now if it is over, else at most ten times a second. */
  heard(utteranceId: string, { isOver = false, isCut = false }: { isOver?: boolean; isCut?: boolean } = {}): void {
    if (this.#parts.show === undefined) return
    const { clock } = this.#parts
    if (isOver) {
      this.#pending.get(utteranceId)?.()
      this.#pending.delete(utteranceId)
      this.#shownAtMs.delete(utteranceId)
      return this.#showHeard(utteranceId, isCut)
    }
    if (this.#pending.has(utteranceId)) return
    const waitMs = (this.#shownAtMs.get(utteranceId) ?? -Infinity) + HEARD_EVERY_MS - clock.monotonicMs()
    if (waitMs <= 0) return this.#showHeard(utteranceId, false)
    this.#pending.set(
      utteranceId,
      clock.setTimer(waitMs, () => {
        this.#pending.delete(utteranceId)
        this.#showHeard(utteranceId, false)
      }),
    )
  }

  close(): void {
    for (const dispose of this.#pending.values()) dispose()
    this.#pending.clear()
  }

  #showHeard(utteranceId: string, isCut: boolean): void {
    const { played, confirmed } = this.#parts.ledger.counts(utteranceId)
    this.#shownAtMs.set(utteranceId, this.#parts.clock.monotonicMs())
    this.#parts.show?.({ type: 'heard', utteranceId, played, confirmed, ...(isCut ? { cut: played } : {}) })
  }
}

function isSame(one: Caption, other: Caption): boolean {
  const { words: ones = [] } = one
  const { words: others = [] } = other
  return (
    one.id === other.id &&
    one.text === other.text &&
    one.final === other.final &&
    one.name === other.name &&
    one.interrupted === other.interrupted &&
    ones.length === others.length &&
    ones.every((word, index) => {
      const same = others[index]
      return word.text === same?.text && word.startMs === same.startMs && word.endMs === same.endMs
    })
  )
}

/** Words as they were written; what comes after a tool has a space before it. */
function joined(words: readonly { text: string; after: string; segmentId: string }[]): string {
  return words
    .map(({ text, after, segmentId }, at) => {
      const next = words[at + 1]
      const isGlued = next !== undefined && after === '' && next.segmentId !== segmentId && !/^\s/.test(next.text)
      return isGlued ? `${text} ` : text + after
    })
    .join('')
}
