const small =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  )
const tens = '- - twenty thirty forty fifty sixty seventy eighty ninety'.split(' ')
const scales: readonly [number, string][] = [
  [1e12, 'trillion'],
  [1e9, 'billion'],
  [1e6, 'million'],
  [1e3, 'thousand'],
  [100, 'hundred'],
]
const irregular: Readonly<Record<string, string>> = {
  one: 'first',
  two: 'second',
  three: 'third',
  five: 'fifth',
  eight: 'eighth',
  nine: 'ninth',
  twelve: 'twelfth',
}

/** A whole number from 0 up to 10^15 in English words. */
export function englishCardinal(value: number): string {
  if (value < 20) return small[value] ?? ''
  if (value < 100) {
    const ten = tens[Math.floor(value / 10)] ?? ''
    return value % 10 === 0 ? ten : `${ten}-${small[value % 10] ?? ''}`
  }
  for (const [size, name] of scales) {
    if (value < size) continue
    const rest = value % size
    const head = `${englishCardinal(Math.floor(value / size))} ${name}`
    return rest === 0 ? head : `${head} ${englishCardinal(rest)}`
  }
  return String(value)
}

/** An ordinal from 0 up in English words: `twenty-first`. */
export function englishOrdinal(value: number): string {
  const cardinal = englishCardinal(value)
  const last = /[a-z]+$/u.exec(cardinal)?.[0] ?? ''
  const head = cardinal.slice(0, cardinal.length - last.length)
  return head + (irregular[last] ?? (last.endsWith('y') ? `${last.slice(0, -1)}ieth` : `${last}th`))
}

/** A year as English speakers say it: `twenty twenty-six`, `nineteen oh five`, `two thousand seven`. */
export function englishYear(value: number): string {
  const century = Math.floor(value / 100)
  const rest = value % 100
  if (value < 1_000 || value > 2_099 || (value >= 2_000 && value < 2_010)) return englishCardinal(value)
  if (rest === 0) return `${englishCardinal(century)} hundred`
  return `${englishCardinal(century)} ${rest < 10 ? `oh ${englishCardinal(rest)}` : englishCardinal(rest)}`
}

/** Digits one by one, groups apart: `five five five, one two`. */
export function englishDigits(text: string): string {
  const groups = text.match(/\d+/gu) ?? []
  return groups.map((group) => Array.from(group, (digit) => small[Number(digit)] ?? '').join(' ')).join(', ')
}

/** A number with a point in English words: `three point one four`. */
export function englishDecimal(text: string): string {
  const [whole = '0', fraction = ''] = text.split('.')
  const head = englishCardinal(Number(whole))
  return fraction === ''
    ? head
    : `${head} point ${Array.from(fraction, (digit) => small[Number(digit)] ?? '').join(' ')}`
}
