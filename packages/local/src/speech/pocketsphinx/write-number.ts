const small = [
  'zero',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
  'ten',
  'eleven',
  'twelve',
  'thirteen',
  'fourteen',
  'fifteen',
  'sixteen',
  'seventeen',
  'eighteen',
  'nineteen',
]
const tens = ['', '', 'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety']

/** Writes a whole number below a million in English words, as it is spoken: `305` is `three hundred five`. */
export function writeNumber(value: number): string {
  if (value < 20) return small[value] ?? ''
  if (value < 100) return join(tens[Math.floor(value / 10)] ?? '', value % 10)
  if (value < 1_000) return join(`${writeNumber(Math.floor(value / 100))} hundred`, value % 100)
  return join(`${writeNumber(Math.floor(value / 1_000))} thousand`, value % 1_000)
}

function join(head: string, rest: number): string {
  return rest === 0 ? head : `${head} ${writeNumber(rest)}`
}
