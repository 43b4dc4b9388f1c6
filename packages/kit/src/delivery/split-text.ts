/** What `splitText` needs to know of the channel. */
export interface SplitTextOptions {
  /** Most UTF-16 units of one message. */
  maxLength: number
  /** Whether the channel sends several messages; otherwise the text is cut with an ellipsis. */
  multipart: boolean
}

const ellipsis = '…'

/**
 * Splits text over a channel's limit at the ends of sentences or words, in order. Graphemes stay whole: one that alone
 * is longer than the limit is the only thing that makes a part too long. White space at a seam is dropped.
 */
export function splitText(text: string, { maxLength, multipart }: SplitTextOptions): string[] {
  if (text.length <= maxLength) return [text]
  const segments = new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text)
  if (!multipart) return [cut(text, segments, maxLength)]
  const parts: string[] = []
  let start = 0
  while (text.length - start > maxLength) {
    const end = seam(text, segments, start, start + maxLength)
    const part = text.slice(start, end).trimEnd()
    if (part !== '') parts.push(part)
    start = skipSpace(text, end)
  }
  if (start < text.length) parts.push(text.slice(start))
  return parts.length === 0 ? [''] : parts
}

function cut(text: string, segments: Intl.Segments, maxLength: number): string {
  const end = boundaryBefore(segments, maxLength - ellipsis.length)
  return `${text.slice(0, end).trimEnd()}${ellipsis}`
}

/** Where to end a part that begins at `start` and may reach up to `limit`. */
function seam(text: string, segments: Intl.Segments, start: number, limit: number): number {
  const window = text.slice(start, limit + 1)
  // A part of less than half the limit would only make more messages.
  const least = start + Math.floor((limit - start) / 2)
  for (const end of [lastSentenceEnd(window), lastSpace(window)]) {
    const position = start + end
    if (end > 0 && position > least && isBoundary(segments, position)) return position
  }
  const space = start + lastSpace(window)
  if (space > start && isBoundary(segments, space)) return space
  const boundary = boundaryBefore(segments, limit)
  return boundary > start ? boundary : graphemeEnd(segments, start)
}

/** The index after the last sentence that ends, with the space behind it, inside the window; 0 when none does. */
function lastSentenceEnd(window: string): number {
  let end = 0
  for (const match of window.matchAll(/[.!?…]["'”’)\]]*(?=\s)|[。！？]|\n/gu)) {
    const after = match.index + match[0].length
    if (after < window.length) end = after
  }
  return end
}

function lastSpace(window: string): number {
  for (let index = window.length - 1; index > 0; index--) if (/\s/.test(window.charAt(index))) return index
  return 0
}

function isBoundary(segments: Intl.Segments, index: number): boolean {
  return boundaryBefore(segments, index) === index
}

/** The last grapheme boundary at or before an index. */
function boundaryBefore(segments: Intl.Segments, index: number): number {
  return index <= 0 ? 0 : (segments.containing(index)?.index ?? index)
}

function graphemeEnd(segments: Intl.Segments, start: number): number {
  const grapheme = segments.containing(start)
  return grapheme === undefined ? start + 1 : grapheme.index + grapheme.segment.length
}

function skipSpace(text: string, from: number): number {
  let index = from
  while (index < text.length && /\s/.test(text.charAt(index))) index += 1
  return index
}
