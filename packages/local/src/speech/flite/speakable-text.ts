/** Characters in one synthesis; longer text is split. */
export const MAX_TEXT = 1_000

const spelled: Readonly<Record<string, string>> = {
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
  '–': ', ',
  '—': ', ',
  '…': '...',
  '€': ' euros ',
  '£': ' pounds ',
  '×': ' times ',
  '&': ' and ',
  ß: 'ss',
  æ: 'ae',
  ø: 'o',
  œ: 'oe',
}

/** Writes a text in what the synthesizer reads: ASCII, with accents taken off; empty when nothing can be spoken. */
export function toSpeakable(text: string): string {
  const plain = text
    .replaceAll(/[‘’“”–—…€£×&ßæøœ]/gu, (sign) => spelled[sign] ?? ' ')
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^ -~]+/gu, ' ')
    .replaceAll(/ +/gu, ' ')
    .trim()
  return /[a-z0-9]/iu.test(plain) ? plain : ''
}

/** Splits a text at sentence ends, else at commas, else at spaces, so that no part is over `limit` characters. */
export function splitText(text: string, limit: number = MAX_TEXT): string[] {
  const parts: string[] = []
  let rest = text
  while (rest.length > limit) {
    const head = rest.slice(0, limit + 1)
    const cut = lastEnd(head, /[.!?]["')]* /gu) ?? lastEnd(head, /[,;:] /gu) ?? lastEnd(head, / /gu) ?? limit
    parts.push(rest.slice(0, cut).trim())
    rest = rest.slice(cut)
  }
  return [...parts, rest.trim()].filter((part) => part !== '')
}

function lastEnd(text: string, pattern: RegExp): number | undefined {
  const match = [...text.matchAll(pattern)].at(-1)
  return match === undefined ? undefined : match.index + match[0].length
}
