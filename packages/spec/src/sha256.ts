const rounds = 64
const blockBytes = 64

/** Each byte as it is written in hex. */
const hexBytes = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Hashes bytes as they come. */
export interface Sha256 {
  add(bytes: Uint8Array): void
  /** Ends it. @returns 64 lower-case hex digits */
  digest(): string
}

/**
 * The SHA-256 of a text's UTF-8 bytes, in 64 lower-case hex digits. Synchronous, for what is hashed while it is built;
 * where waiting is no trouble, the platform's own digest is faster. Source: FIPS 180-4.
 */
export function sha256Hex(text: string): string {
  const hash = createSha256()
  hash.add(new TextEncoder().encode(text))
  return hash.digest()
}

/**
 * An incremental SHA-256: browsers hash whole buffers only, and a call's audio is never whole in memory.
 * @see FIPS 180-4, section 6.2
 */
export function createSha256(): Sha256 {
  const state = Uint32Array.from(initialState)
  const schedule = new Uint32Array(rounds)
  const rest = new Uint8Array(blockBytes)
  const restView = new DataView(rest.buffer)
  let filled = 0
  let length = 0
  return {
    add(bytes) {
      length += bytes.length
      let from = 0
      if (filled > 0) {
        from = Math.min(blockBytes - filled, bytes.length)
        rest.set(bytes.subarray(0, from), filled)
        filled += from
        if (filled < blockBytes) return
        compress(state, schedule, restView, 0)
        filled = 0
      }
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      for (; from + blockBytes <= bytes.length; from += blockBytes) compress(state, schedule, view, from)
      rest.set(bytes.subarray(from))
      filled = bytes.length - from
    },
    digest() {
      const tail = padded(rest.subarray(0, filled), length)
      for (let start = 0; start < tail.byteLength; start += blockBytes) compress(state, schedule, tail, start)
      let hex = ''
      for (const word of state) {
        hex += (hexBytes[word >>> 24] ?? '') + (hexBytes[(word >>> 16) & 255] ?? '')
        hex += (hexBytes[(word >>> 8) & 255] ?? '') + (hexBytes[word & 255] ?? '')
      }
      return hex
    },
  }
}

/** The last bytes, a one bit, zeros, and the length of the whole message in bits (5.1.1). */
function padded(rest: Uint8Array, messageBytes: number): DataView {
  const tail = new Uint8Array(rest.length + 9 <= blockBytes ? blockBytes : 2 * blockBytes)
  tail.set(rest)
  tail[rest.length] = 0x80
  const view = new DataView(tail.buffer)
  // In two halves: a number holds the whole length exactly, its bits in one word would not.
  view.setUint32(tail.length - 8, Math.floor(messageBytes / 0x2000_0000))
  view.setUint32(tail.length - 4, (messageBytes << 3) >>> 0)
  return view
}

/** One block (6.2.2). Indexes are within bounds by construction; `| 0` keeps all arithmetic in 32-bit integers. */
function compress(state: Uint32Array, schedule: Uint32Array, block: DataView, start: number): void {
  for (let index = 0; index < 16; index++) schedule[index] = block.getUint32(start + index * 4)
  for (let index = 16; index < rounds; index++) {
    const two = word(schedule, index - 2)
    const fifteen = word(schedule, index - 15)
    const sigma1 = rotated(two, 17) ^ rotated(two, 19) ^ (two >>> 10)
    const sigma0 = rotated(fifteen, 7) ^ rotated(fifteen, 18) ^ (fifteen >>> 3)
    schedule[index] = (sigma1 + word(schedule, index - 7) + sigma0 + word(schedule, index - 16)) | 0
  }
  let a = word(state, 0)
  let b = word(state, 1)
  let c = word(state, 2)
  let d = word(state, 3)
  let e = word(state, 4)
  let f = word(state, 5)
  let g = word(state, 6)
  let h = word(state, 7)
  for (let index = 0; index < rounds; index++) {
    const sum1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
    const choice = (e & f) ^ (~e & g)
    const first = (h + sum1 + choice + word(roundConstants, index) + word(schedule, index)) | 0
    const sum0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)
    const majority = (a & b) ^ (a & c) ^ (b & c)
    const second = (sum0 + majority) | 0
    h = g
    g = f
    f = e
    e = (d + first) | 0
    d = c
    c = b
    b = a
    a = (first + second) | 0
  }
  const next = [a, b, c, d, e, f, g, h]
  for (const [index, value] of next.entries()) state[index] = (word(state, index) + value) | 0
}

function word(words: Uint32Array, index: number): number {
  return words[index] ?? 0
}

function rotated(value: number, bits: number): number {
  return (value >>> bits) | (value << (32 - bits))
}

/** The first 32 bits of the fractional parts of the square roots of the first 8 primes (5.3.3). */
const initialState = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19]

/** The same of the cube roots of the first 64 primes (4.2.2). */
const roundConstants = Uint32Array.from([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
])
