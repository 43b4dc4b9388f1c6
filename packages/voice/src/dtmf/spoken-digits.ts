const words: Readonly<Record<string, string>> = {
  zero: '0',
  oh: '0',
  o: '0',
  one: '1',
  two: '2',
  to: '2',
  too: '2',
  three: '3',
  four: '4',
  for: '4',
  five: '5',
  six: '6',
  seven: '7',
  eight: '8',
  nine: '9',
}
const repeats: Readonly<Record<string, number>> = { double: 2, triple: 3 }

/** Digits said one by one in English ("four double two oh"), or written; empty where other words are among them. */
export function spokenDigits(text: string): string {
  let digits = ''
  let times = 1
  for (const word of text.toLowerCase().match(/[a-z]+|\d/g) ?? []) {
    const repeat = repeats[word]
    if (repeat !== undefined) {
      times = repeat
      continue
    }
    const digit = words[word] ?? (/^\d$/.test(word) ? word : undefined)
    if (digit === undefined) return ''
    digits += digit.repeat(times)
    times = 1
  }
  return digits
}
