/** How fast voices speak where nothing better is known, in syllables per second. */
export const SYLLABLES_PER_SECOND = 3.83

const ideographs = /[\u3041-\u30FF\u3400-\u9FFF\uF900-\uFAFF]/gu
const vowels = /[aeiouyàáâãäåæèéêëìíîïòóôõöøœùúûüýÿаеёиоуыэюяαεηιουω]+/giu

/** About how many syllables a text has: vowel groups, one for each East Asian character, one for each digit. */
export function countSyllables(text: string): number {
  let count = text.match(ideographs)?.length ?? 0
  for (const word of text.replace(ideographs, ' ').match(/[\p{L}\p{N}]+/gu) ?? []) {
    const digits = word.match(/\p{N}/gu)?.length ?? 0
    const groups = word.match(vowels)?.length ?? 0
    // A last "e" after a consonant is silent more often than not.
    const silent = groups > 1 && /[^aeiouy]e$/iu.test(word) ? 1 : 0
    count += Math.max(1, digits + groups - silent)
  }
  return count
}

/** About how long a text takes to say, in milliseconds. */
export function estimateSpeechMs(text: string): number {
  return (countSyllables(text) / SYLLABLES_PER_SECOND) * 1_000
}
