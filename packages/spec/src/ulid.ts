const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** The time part of a ULID: ten characters of Crockford base 32. @see https://github.com/ulid/spec */
export function encodeUlidTime(ms: number): string {
  let rest = ms
  let text = ''
  for (let digit = 0; digit < 10; digit++) {
    text = alphabet.charAt(rest % 32) + text
    rest = Math.floor(rest / 32)
  }
  return text
}

/** Sixteen base 32 digits that can be counted up, so ids made within one millisecond keep their order. */
export class UlidTail {
  readonly #digits = new Uint8Array(16)

  /** Starts anew from random digits; the first is kept low so that counting up does not overflow. */
  randomize(random: () => number): void {
    for (let position = 0; position < 16; position++) this.#digits[position] = Math.floor(random() * 32)
    this.#digits[0] = Math.floor(random() * 16)
  }

  increment(): void {
    for (let position = 15; position >= 0; position--) {
      const digit = this.#digits[position] ?? 0
      if (digit < 31) {
        this.#digits[position] = digit + 1
        return
      }
      this.#digits[position] = 0
    }
  }

  toString(): string {
    let text = ''
    for (const digit of this.#digits) text += alphabet.charAt(digit)
    return text
  }
}
