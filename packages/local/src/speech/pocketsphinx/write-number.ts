import { smallNumberWords, tensWords } from '../../number-words.ts'

/** Writes a whole number below a million in English words, as it is spoken: `305` is `three hundred five`. */
export function writeNumber(value: number): string {
  if (value < 20) return smallNumberWords[value] ?? ''
  if (value < 100) return join(tensWords[Math.floor(value / 10) - 2] ?? '', value % 10)
  if (value < 1_000) return join(`${writeNumber(Math.floor(value / 100))} hundred`, value % 100)
  return join(`${writeNumber(Math.floor(value / 1_000))} thousand`, value % 1_000)
}

function join(head: string, rest: number): string {
  return rest === 0 ? head : `${head} ${writeNumber(rest)}`
}
