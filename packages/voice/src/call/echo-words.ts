import type { EchoGuard } from '../echo/echo-guard.ts'
import type { HeardLedger } from '../ledger/heard-ledger.ts'

/** Tells the echo guard of a call which words were audible, as they are played (voice.md 18). */
export class EchoWords {
  readonly #guard: EchoGuard | undefined
  readonly #ledger: HeardLedger
  readonly #told = new Map<string, number>()

  constructor(guard: EchoGuard | undefined, ledger: HeardLedger) {
    this.#guard = guard
    this.#ledger = ledger
  }

  /** The position of an utterance moved. */
  played(utteranceId: string, atMs: number): void {
    if (this.#guard === undefined) return
    const words = this.#ledger.utterance(utteranceId)?.words ?? []
    const from = this.#told.get(utteranceId) ?? 0
    const unplayed = words.findIndex(({ played }) => !played)
    const to = unplayed < 0 ? words.length : unplayed
    if (to <= from) return
    this.#told.set(utteranceId, to)
    // Words are heard before their end is reached: what is being said now comes back too.
    this.#guard.playedWords(
      words
        .slice(from, to + 1)
        .map(({ spoken }) => spoken)
        .join(' '),
      atMs,
    )
  }

  /** An utterance is over. */
  ended(utteranceId: string, atMs: number): void {
    this.played(utteranceId, atMs)
    this.#told.delete(utteranceId)
    this.#guard?.playbackEnded(atMs)
  }

  /** Why a recognized text is what we said ourselves; undefined if it is the person's. */
  echoOf(text: string, startMs: number | undefined): { share: number; foreignWords: number } | undefined {
    if (this.#guard === undefined || text.trim() === '') return undefined
    const { verdict, share, foreignWords } = this.#guard.judgeTranscript(text, startMs)
    return verdict === 'echo' ? { share, foreignWords } : undefined
  }
}
