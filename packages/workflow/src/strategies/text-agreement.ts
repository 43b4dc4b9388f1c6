/** A sign before a digit and a separator between two say something; other punctuation does not. */
const silentPunctuation = /(?<=\p{N})[.,:/-](?=\p{N})|(?<![\p{L}\p{N}])[-−](?=\p{N})|([\p{P}\p{Cf}])/gu

/** A text with case, space and punctuation folded, for comparing what two models wrote. */
export function foldText(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(silentPunctuation, (match, silent: string | undefined) => (silent === undefined ? match : ' '))
    .replace(/\s+/gu, ' ')
    .trim()
}

/** How alike two vectors are: 1 for the same direction. @see https://en.wikipedia.org/wiki/Cosine_similarity */
export function cosineSimilarity(one: Float32Array, other: Float32Array): number {
  let product = 0
  let oneLength = 0
  let otherLength = 0
  for (let index = 0; index < one.length; index++) {
    const left = one[index] ?? 0
    const right = other[index] ?? 0
    product += left * right
    oneLength += left * left
    otherLength += right * right
  }
  return oneLength === 0 || otherLength === 0 ? 0 : product / Math.sqrt(oneLength * otherLength)
}
