/**
 * SHA-256 of a text's UTF-8 bytes, in hexadecimal. Done at once: the platform's own is asynchronous, and a lookup that waits
 * for a thread would make speech depend on the machine's load.
 * @see FIPS 180-4, section 6.2
 */
export function sha256(text: string): string {
  const message = new TextEncoder().encode(text)
  const blocks = Math.ceil((message.length + 9) / 64)
  const padded = new Uint8Array(blocks * 64)
  padded.set(message)
  padded[message.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 8, Math.floor(message.length / 0x2000_0000))
  view.setUint32(padded.length - 4, (message.length << 3) >>> 0)

  const { constants, start } = primes()
  const state = start.slice()
  const words = new Uint32Array(64)
  for (let block = 0; block < blocks; block++) {
    for (let index = 0; index < 16; index++) words[index] = view.getUint32(block * 64 + index * 4)
    for (let index = 16; index < 64; index++) {
      const one = words[index - 15] ?? 0
      const other = words[index - 2] ?? 0
      const small = rotate(one, 7) ^ rotate(one, 18) ^ (one >>> 3)
      const large = rotate(other, 17) ^ rotate(other, 19) ^ (other >>> 10)
      words[index] = (words[index - 16] ?? 0) + small + (words[index - 7] ?? 0) + large
    }
    mix(state, words, constants)
  }
  return Array.from(state, (word) => word.toString(16).padStart(8, '0')).join('')
}

function mix(state: Uint32Array, words: Uint32Array, constants: Uint32Array): void {
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
  for (let index = 0; index < 64; index++) {
    const choice = (e & f) ^ (~e & g)
    const majority = (a & b) ^ (a & c) ^ (b & c)
    const one =
      h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + choice + (constants[index] ?? 0) + (words[index] ?? 0)
    const other = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + majority
    h = g
    g = f
    f = e
    e = (d + one) >>> 0
    d = c
    c = b
    b = a
    a = (one + other) >>> 0
  }
  for (const [index, value] of [a, b, c, d, e, f, g, h].entries()) state[index] = (state[index] ?? 0) + value
}

function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits))
}

/** The first 32 bits of the fractions of roots of the first primes. */
function primes(): { constants: Uint32Array; start: Uint32Array } {
  const constants = new Uint32Array(64)
  const start = new Uint32Array(8)
  for (let number = 2, found = 0; found < 64; number++) {
    let isPrime = true
    for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) isPrime = false
    if (!isPrime) continue
    constants[found] = ((Math.cbrt(number) % 1) * 0x1_0000_0000) >>> 0
    if (found < 8) start[found] = ((Math.sqrt(number) % 1) * 0x1_0000_0000) >>> 0
    found += 1
  }
  return { constants, start }
}
