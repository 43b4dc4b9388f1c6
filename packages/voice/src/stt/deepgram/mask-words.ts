const spokenFields: ReadonlySet<string> = new Set(['transcript', 'word', 'punctuated_word'])

/** A message with every letter and digit of what was said replaced: its shape stays. */
export function maskWords(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), (key, value: unknown) =>
      spokenFields.has(key) && typeof value === 'string' ? value.replaceAll(/[\p{L}\p{N}]/gu, 'x') : value,
    )
  } catch {
    // What cannot be read cannot be masked either.
    return JSON.stringify({ type: 'unreadable', length: text.length })
  }
}
