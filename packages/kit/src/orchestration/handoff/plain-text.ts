/** A text of a model or a person as data: no control characters but line breaks and tabs, trimmed. */
export function toPlainText(text: string): string {
  return text
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, (char) => (char === '\n' || char === '\t' || char === '\u200D' ? char : ''))
    .toWellFormed()
    .trim()
}
