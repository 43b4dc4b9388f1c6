/** Small numbers in chunks, so that a changed copy costs one chunk and not the whole. */
export interface Chunked {
  readonly length: number
  readonly chunks: readonly (readonly number[])[]
}

/** Plain lists this short are copied faster than typed arrays, whose memory lies outside of the heap. */
const CHUNK = 128

/** As many zeros. */
export function zeros(length: number): Chunked {
  return {
    length,
    chunks: Array.from({ length: Math.ceil(length / CHUNK) }, (_, index) =>
      Array.from({ length: Math.min(CHUNK, length - index * CHUNK) }, () => 0),
    ),
  }
}

/** The number at an index; 0 outside. */
export function at({ chunks }: Chunked, index: number): number {
  return chunks[Math.floor(index / CHUNK)]?.[index % CHUNK] ?? 0
}

/** Changes made to a copy; what was not changed is shared with the original. */
export class ChunkedDraft {
  readonly #original: Chunked
  #chunks: number[][] | undefined

  constructor(original: Chunked) {
    this.#original = original
  }

  get(index: number): number {
    const chunks = this.#chunks ?? this.#original.chunks
    return chunks[Math.floor(index / CHUNK)]?.[index % CHUNK] ?? 0
  }

  set(index: number, value: number): void {
    const at = Math.floor(index / CHUNK)
    const original = this.#original.chunks[at]
    if (original === undefined || index >= this.#original.length) return
    // Only chunks that were copied below are ever written to.
    const chunks = (this.#chunks ??= this.#original.chunks.slice() as number[][])
    let chunk = chunks[at]
    if (chunk === undefined || chunk === original) {
      chunk = original.slice()
      chunks[at] = chunk
    }
    chunk[index % CHUNK] = value
  }

  done(): Chunked {
    return this.#chunks === undefined ? this.#original : { length: this.#original.length, chunks: this.#chunks }
  }
}
