/** The primary tag of a language in lower case; English where none is known. */
export function languageOf(language: string | undefined): string {
  return (language ?? 'en').toLowerCase().split(/[-_]/u, 1)[0] ?? 'en'
}

/** The words of a text in lower case without punctuation. */
export function wordsOf(text: string): string[] {
  // These two French words are one each, whatever the apostrophe says.
  const whole = text.toLowerCase().replaceAll(/(quelqu|aujourd)['’]/gu, '$1')
  return whole.match(/[\p{L}\p{N}]+/gu) ?? []
}
