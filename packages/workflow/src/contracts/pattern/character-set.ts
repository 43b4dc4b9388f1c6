/** Ranges of code points, both ends included, in any order. */
export type CharacterSet = readonly (readonly [number, number])[]

const maxCode = 0x10ffff

/** Every character. */
export const anySet: CharacterSet = [[0, maxCode]]

/** What a dot matches without the flag `s`. */
export const dotSet: CharacterSet = invertSet([
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029],
])

const digits: CharacterSet = [[0x30, 0x39]]
const wordCharacters: CharacterSet = [...digits, [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]]
const spaces: CharacterSet = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
]

/** The set of `\d \D \w \W \s \S`; undefined for other letters. */
export function escapedSet(letter: string): CharacterSet | undefined {
  switch (letter) {
    case 'd':
      return digits
    case 'D':
      return invertSet(digits)
    case 'w':
      return wordCharacters
    case 'W':
      return invertSet(wordCharacters)
    case 's':
      return spaces
    case 'S':
      return invertSet(spaces)
    default:
      return undefined
  }
}

/** Characters beyond ASCII. */
export const outerSet: CharacterSet = [[0x80, maxCode]]

/** The set of `\p{...}` or `\P{...}`: exact in ASCII; beyond it, any character counts as a member. */
export function propertySet(escape: string): CharacterSet {
  const property = new RegExp(`^${escape}$`, 'u')
  const members: [number, number][] = []
  for (let code = 0; code < 0x80; code++) if (property.test(String.fromCharCode(code))) members.push([code, code])
  return [...members, ...outerSet]
}

/** All other characters. */
export function invertSet(set: CharacterSet): CharacterSet {
  const inverted: [number, number][] = []
  let next = 0
  for (const [low, high] of set.toSorted((one, other) => one[0] - other[0])) {
    if (low > next) inverted.push([next, low - 1])
    next = Math.max(next, high + 1)
  }
  if (next <= maxCode) inverted.push([next, maxCode])
  return inverted
}

/** Whether some character is in both. */
export function setsMeet(one: CharacterSet, other: CharacterSet): boolean {
  return one.some(([low, high]) => other.some(([otherLow, otherHigh]) => low <= otherHigh && otherLow <= high))
}

/**
 * The set without regard to case. It may come out larger than what an engine takes: letters beyond ASCII all count as
 * cases of each other, and of k and s, which have such cases.
 */
export function foldSet(set: CharacterSet): CharacterSet {
  const folded: [number, number][] = []
  for (const [low, high] of set) {
    folded.push([low, high])
    addShifted(folded, low, high, 0x41, 0x5a, 0x20)
    addShifted(folded, low, high, 0x61, 0x7a, -0x20)
  }
  const inner: CharacterSet = ['k', 'K', 's', 'S'].map((letter) => [letter.charCodeAt(0), letter.charCodeAt(0)])
  return setsMeet(folded, outerSet) ? [...folded, ...outerSet, ...inner] : folded
}

function addShifted(
  set: [number, number][],
  low: number,
  high: number,
  first: number,
  last: number,
  shift: number,
): void {
  const from = Math.max(low, first)
  const to = Math.min(high, last)
  if (from <= to) set.push([from + shift, to + shift])
}
