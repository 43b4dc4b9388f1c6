/** Hashes bytes as they come. */
export interface Sha256 {
  add(bytes: Uint8Array): void
  /** Ends it. @returns 64 hexadecimal digits */
  digest(): string
}

/** First 32 bits of the fractional parts of the roots of the first primes: cube roots for rounds, square roots to begin with. */
const primes = [...primesUpTo(311)]
const roundConstants = Uint32Array.from(primes, (prime) => fraction(Math.cbrt(prime)))
const initialState = Uint32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)))

function* primesUpTo(limit: number): Generator<number> {
  for (let candidate = 2; candidate <= limit; candidate++) {
    let isPrime = true
    for (let divisor = 2; divisor * divisor <= candidate; divisor++) if (candidate % divisor === 0) isPrime = false
    if (isPrime) yield candidate
  }
}

function fraction(root: number): number {
  return Math.floor((root - Math.floor(root)) * 2 ** 32)
}

function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits))
}

/**
 * Makes an incremental SHA-256: browsers hash whole buffers only, and a call's audio is never whole in memory.
 * @see FIPS 180-4, section 6.2
 */
export function createSha256(): Sha256 {
  const state = initialState.slice()
  const block = new Uint8Array(64)
  const words = new Uint32Array(64)
  const view = new DataView(block.buffer)
  let filled = 0
  let length = 0

  const compress = (): void => {
    for (let index = 0; index < 16; index++) words[index] = view.getUint32(index * 4)
    for (let index = 16; index < 64; index++) {
      const early = words[index - 15] ?? 0
      const late = words[index - 2] ?? 0
      const s0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3)
      const s1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10)
      words[index] = (words[index - 16] ?? 0) + s0 + (words[index - 7] ?? 0) + s1
    }
    let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
    for (let index = 0; index < 64; index++) {
      const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
      const first = (h + s1 + ((e & f) ^ (~e & g)) + (roundConstants[index] ?? 0) + (words[index] ?? 0)) | 0
      const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
      const second = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
      h = g
      g = f
      f = e
      e = (d + first) | 0
      d = c
      c = b
      b = a
      a = (first + second) | 0
    }
    const rounds = [a, b, c, d, e, f, g, h]
    for (let index = 0; index < 8; index++) state[index] = (state[index] ?? 0) + (rounds[index] ?? 0)
  }

  const add = (bytes: Uint8Array): void => {
    length += bytes.length
    let from = 0
    while (from < bytes.length) {
      const part = bytes.subarray(from, from + 64 - filled)
      block.set(part, filled)
      filled += part.length
      from += part.length
      if (filled === 64) {
        compress()
        filled = 0
      }
    }
  }

  return {
    add,
    digest() {
      const bits = length * 8
      add(Uint8Array.of(0x80))
      while (filled !== 56) add(Uint8Array.of(0))
      view.setUint32(56, Math.floor(bits / 2 ** 32))
      view.setUint32(60, bits)
      compress()
      return Array.from(state, (word) => word.toString(16).padStart(8, '0')).join('')
    },
  }
}
