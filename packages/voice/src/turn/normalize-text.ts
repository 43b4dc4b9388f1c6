/** Lower case, without marks and doubled space: two texts of which only that differs say the same. */
export function normalizeText(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}']+/gu, ' ')
    .trim()
}

/** Words of a text; where a script has no spaces each ideograph counts. */
export function countWords(text: string): number {
  let words = 0
  for (const word of normalizeText(text).split(' ')) {
    if (word === '') continue
    const ideographs = word.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu)?.length ?? 0
    words += Math.max(1, ideographs)
  }
  return words
}

/** Whether the last sentence asks something. */
export function endsWithQuestion(text: string): boolean {
  return /[?？؟]["'”’»)\]\s]*$/u.test(text)
}
