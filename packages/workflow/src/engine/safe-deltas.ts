/**
 * What a text might go on with that would make a credential of it: the rest of a key, of a token with dots, of a key
 * block, of an address with a password.
 */
const endings: readonly string[] = ['Qx7Zq9Lm2', 'Qx7Zq9Lm2.Qx7Zq9Lm2.Qx7', ' X-----', '-----', 'Qx7@a']

/** Characters up to which every piece is looked at; of longer texts only what has grown enough. */
const CLOSE_LOOK = 2_000

/**
 * Shows a text piece by piece without the credentials in it, although one may come in several pieces: what might be the
 * beginning of one is held until it is known.
 */
export class SafeDeltas {
  readonly #redact: (text: string) => string
  readonly #show: (text: string) => void
  #text = ''
  #shown = ''
  #lookedAt = 0

  /**
   * @param redact - takes credentials out of a text; an end that it cuts off stays cut off when more follows
   * @param show - gets the pieces, never empty
   */
  constructor(redact: (text: string) => string, show: (text: string) => void) {
    this.#redact = redact
    this.#show = show
  }

  /** The next piece of the text. */
  add(delta: string): void {
    this.#text += delta
    // Each look reads all that is held: of a long text there must not be one per word.
    if (this.#text.length > CLOSE_LOOK && this.#text.length < this.#lookedAt * 1.1) return
    this.#lookedAt = this.#text.length
    const whole = this.#redact(this.#text)
    const certain = endings.reduce(
      (length, ending) => Math.min(length, commonLength(whole, this.#redact(this.#text + ending))),
      whole.length,
    )
    this.#advance(whole.slice(0, certain))
    if (certain === whole.length && this.#isOver(whole)) this.#forget()
  }

  /** Nothing more comes. */
  end(): void {
    this.#advance(this.#redact(this.#text))
    this.#forget()
  }

  /** Whether what was shown tells nothing about what follows: the next word is no part of a credential. */
  #isOver(whole: string): boolean {
    const [word = ''] = endings
    const isPause = this.#text.length > CLOSE_LOOK ? /\s$/.test(this.#text) : this.#text.endsWith('\n')
    return isPause && this.#redact(this.#text + word) === whole + word
  }

  #advance(safe: string): void {
    const piece = safe.slice(commonLength(safe, this.#shown))
    if (piece === '' || safe.length < this.#shown.length) return
    this.#shown = safe
    this.#show(piece)
  }

  #forget(): void {
    this.#text = ''
    this.#shown = ''
    this.#lookedAt = 0
  }
}

function commonLength(one: string, other: string): number {
  const end = Math.min(one.length, other.length)
  for (let index = 0; index < end; index += 1) if (one[index] !== other[index]) return index
  return end
}
