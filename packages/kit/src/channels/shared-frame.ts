const encoder = new TextEncoder()

/** A frame for many peers: its text, and its bytes once for all that take them. */
export class SharedFrame {
  readonly text: string
  #bytes: Uint8Array | undefined

  constructor(text: string) {
    this.text = text
  }

  get bytes(): Uint8Array {
    this.#bytes ??= encoder.encode(this.text)
    return this.#bytes
  }
}
