/** The longest text of an error, in characters. */
const maxLength = 500

/** A text of at most 500 characters; one that was cut ends with `…`. */
export function shortenErrorText(text: string): string {
  if (text.length <= maxLength) return text
  // Half of a surrogate pair is no character.
  return `${text.slice(0, maxLength - 1).replace(/[\ud800-\udbff]$/, '')}…`
}
