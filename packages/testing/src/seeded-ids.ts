import type { IdSource } from '@parley/spec'

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const baseTimeMs = Date.UTC(2026, 0, 1)

/** Mulberry32: a small generator with a period of 2^32, good enough for tests and never for secrets. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

function toBase32(value: number, length: number): string {
  let text = ''
  for (let rest = value; text.length < length; rest = Math.floor(rest / 32)) text = crockford.charAt(rest % 32) + text
  return text
}

/**
 * Makes an `IdSource` that gives the same ids for the same seed, unique and in order of creation, for tests only.
 * @param seed - any integer; two sources of different seeds give different ids
 */
export function createSeededIds(seed: number): IdSource {
  const random = createRandom(seed)
  let counter = 0

  function nextTick(): number {
    counter += 1
    return baseTimeMs + counter
  }
  function randomText(length: number): string {
    let text = ''
    while (text.length < length) text += crockford.charAt(Math.floor(random() * 32))
    return text
  }
  function randomHex(length: number): string {
    let text = ''
    while (text.length < length) text += Math.floor(random() * 16).toString(16)
    return text
  }

  return {
    next: (prefix) => `${prefix}_${toBase32(nextTick(), 10)}${randomText(16)}`,
    uuid() {
      const time = nextTick().toString(16).padStart(12, '0')
      const variant = (8 + Math.floor(random() * 4)).toString(16)
      return `${time.slice(0, 8)}-${time.slice(8)}-7${randomHex(3)}-${variant}${randomHex(3)}-${randomHex(12)}`
    },
    token(bytes = 32) {
      let binary = ''
      while (binary.length < bytes) binary += String.fromCharCode(Math.floor(random() * 256))
      return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
    },
    random,
  }
}
