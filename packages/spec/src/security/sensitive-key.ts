/** What a caller adds to the rules for sensitive keys, as case-insensitive globs (`*`, `?`) on the whole key. */
export interface SensitiveKeyOptions {
  /** Keys that are sensitive too. */
  readonly sensitiveKeys?: readonly string[]
  /** Keys that are not, whatever else says they are. */
  readonly allowKeys?: readonly string[]
}

/** Words that make a key sensitive wherever they stand in it; the last line is pairs that nothing divides. */
const sensitiveWords: ReadonlySet<string> = new Set(
  (
    'secret secrets password passwords passwd passphrase passphrases token credential credentials auth authorization ' +
    'bearer cookie cookies pin cvv ' +
    'apikey apikeys privatekey privatekeys accesskey accesskeys sessionkey sessionkeys'
  ).split(' '),
)

/** Neighbouring words that make a key sensitive. `tokens` alone counts tokens of a model; these two do not. */
const sensitivePairs: ReadonlySet<string> = new Set(
  'api key,api keys,private key,private keys,access key,access keys,session key,session keys,access tokens,refresh tokens'.split(
    ',',
  ),
)

/** Neighbouring words that speak of tokens of a model. */
const countedTokens: ReadonlySet<string> = new Set(['token count', 'token usage'])

/** Every sensitive key has one of these in it, so that most keys are decided by one look. */
const anyStem = /secret|pass|token|credential|auth|bearer|cookie|pin|cvv|key/i

/** Where one word of camel case ends and the next begins. Looks to both sides only, so it takes linear time. */
const camelBorder = /(?<=\p{Ll})(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/gu

/**
 * Whether the value under a key is likely to be a credential. The key is split into words (snake, kebab, camel, digits)
 * and judged by them: `x-api-key` and `dbPassword` are sensitive, `author`, `max_tokens` and `token_count` are not.
 */
export function isSensitiveKey(key: string, { sensitiveKeys = [], allowKeys = [] }: SensitiveKeyOptions = {}): boolean {
  if (allowKeys.some((glob) => matchesGlob(glob, key))) return false
  if (sensitiveKeys.some((glob) => matchesGlob(glob, key))) return true
  const plain = key.normalize('NFKC')
  if (!anyStem.test(plain)) return false
  // Also with case left aside: `APIkey` and `PassWord` divide badly as camel case.
  return hasSensitiveWord(wordsOf(plain.replace(camelBorder, ' '))) || hasSensitiveWord(wordsOf(plain))
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/\p{L}+/gu) ?? []
}

function hasSensitiveWord(words: readonly string[]): boolean {
  return words.some((word, index) => {
    const pair = `${word} ${words[index + 1] ?? ''}`
    if (sensitivePairs.has(pair)) return true
    return sensitiveWords.has(word) && !countedTokens.has(pair)
  })
}

/** Walks both texts once; after a `*` that took too little it goes on one character later, so no pattern explodes. */
function matchesGlob(glob: string, key: string): boolean {
  const pattern = glob.toLowerCase()
  const text = key.toLowerCase()
  let at = 0
  let inPattern = 0
  let star = -1
  let afterStar = 0
  while (at < text.length) {
    const wanted = pattern[inPattern]
    if (wanted === '*') {
      star = inPattern++
      afterStar = at
    } else if (wanted === '?' || (wanted !== undefined && wanted === text[at])) {
      inPattern++
      at++
    } else if (star >= 0) {
      inPattern = star + 1
      at = ++afterStar
    } else return false
  }
  while (pattern[inPattern] === '*') inPattern++
  return inPattern === pattern.length
}
