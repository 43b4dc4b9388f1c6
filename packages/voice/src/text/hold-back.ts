/** What decides how much streamed text may be said already. */
export interface HoldBackOptions {
  language: string
  markdown: boolean
  numbers: boolean
  /** Whether the text begins a line. */
  isLineStart: boolean
  /** Whether the text begins inside a block of code. */
  isCode: boolean
  /** Whether the text ends behind a whole word, though no white space shows it. */
  isWhole: boolean
  /** Keys of several words, which must not be cut. */
  phrases: readonly string[]
}

/** Months, signs and codes of currencies, behind which a number may come. */
const starts = /^(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\p{Ll}*\.?,?$|^[$€£¥₹]$|^R\$$|^[A-Z]{3}$/u
const maxHeld = 2_048

/**
 * How much of a text may be said: whole words, nothing that more text could make part of a link, a block of code, a number
 * or a phrase. The answer depends on the text in front of the cut alone, so pieces do not depend on how text came.
 */
export function holdBack(text: string, options: HoldBackOptions): number {
  const { language, markdown, numbers, isLineStart, isCode, isWhole, phrases } = options
  let end = isWhole ? text.length : lastWordEnd(text, text.length)
  if (text.length > maxHeld) return end === 0 ? text.length : end
  while (end > 0) {
    const said = text.slice(0, end)
    const markup = markdown ? openMarkup(said, isLineStart, isCode) : end
    const lastWord = /\S+(?=\s*$)/u.exec(said)?.[0] ?? ''
    if (markup < end) end = lastWordEnd(text, markup)
    else if ((numbers && mayGoOn(lastWord, language)) || phrases.some((phrase) => startsPhrase(said, phrase))) {
      end = lastWordEnd(text, said.trimEnd().length - lastWord.length)
    } else return end
  }
  return 0
}

/** Behind the last white space, or mark of a script that writes none, up to `limit` that has a word in front. */
function lastWordEnd(text: string, limit: number): number {
  let end = limit
  while (end > 0 && !/[\s。！？，、；：」』]/u.test(text.charAt(end - 1))) end -= 1
  return /\S/u.test(text.slice(0, end)) ? end : 0
}

/** Where markup begins that has not been closed. */
function openMarkup(text: string, isLineStart: boolean, isCode: boolean): number {
  const fences = [...text.matchAll(/```/gu)]
  // Inside a block the first one closes it.
  const fence = (fences.length + (isCode ? 1 : 0)) % 2 === 1 ? fences.at(-1)?.index : undefined
  const link = /!?\[[^\]\n]{0,300}(?:\](?:\([^)\n]{0,1000})?)?$/u.exec(text)
  // A line of a table is said as a whole.
  const lineStart = text.lastIndexOf('\n') + 1
  const isOneLine =
    (lineStart > 0 || isLineStart) &&
    // So is what opens an item of a list with the first word of it.
    /^[ \t]*(?:\||(?:[-*+•]|#{1,6}|>)[ \t]*(?:\[[ xX]?\]?[ \t]*)?$)/u.test(text.slice(lineStart))
  return Math.min(fence ?? text.length, link?.index ?? text.length, isOneLine ? lineStart : text.length)
}

/** Whether what follows a word may belong to a number: "5 km", "12 May", "$5 million". */
function mayGoOn(word: string, language: string): boolean {
  if (starts.test(word)) return true
  if (!/\d/u.test(word)) return false
  // The end of a sentence ends a number, but in German it may be an ordinal.
  if (/[!?…:;]["'”’»)\]*_]*$/u.test(word)) return false
  if (/\.["'”’»)\]*_]*$/u.test(word)) return language === 'de' && /^\d{1,2}\.$/u.test(word)
  return true
}

function startsPhrase(text: string, phrase: string): boolean {
  const tail = text.slice(-phrase.length).toLowerCase().replace(/\s+/gu, ' ')
  const wanted = phrase.toLowerCase()
  for (let from = 0; from < tail.length; from++) {
    if (from > 0 && /[\p{L}\p{N}]/u.test(tail.charAt(from - 1))) continue
    const start = tail.slice(from)
    if (start.trim() !== '' && start.length < wanted.length && wanted.startsWith(start)) return true
  }
  return false
}
