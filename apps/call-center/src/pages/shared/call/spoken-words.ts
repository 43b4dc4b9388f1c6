import type { CallUpdate } from '@parley/client'
import type { MessageRow, TimelineRow } from '../timeline-rows.ts'

/** How far a word has come: generated, at the ear, heard (surely or by reckoning), or never played. */
export type HeardState = 'queued' | 'playing' | 'heard' | 'cut'

/** One word of a spoken line, with what stands behind it. */
export interface SpokenWord {
  text: string
  after: string
  heard: HeardState
  /** Whether the playing device said so itself. */
  isConfirmed: boolean
}

/** One utterance of an agent as captions tell it. */
export interface SpokenLine {
  id: string
  agentId: string | undefined
  name: string | undefined
  text: string
  isFinal: boolean
  isCut: boolean
  words: readonly SpokenWord[]
}

/** What captions have told so far. */
export interface SpokenWords {
  /** In order of their first word; old ones go. */
  lines: readonly SpokenLine[]
  /** What is being understood of the person at this moment. */
  interim: string
}

/** Lines that are kept: those of rows further up are shown as the log has them. */
const keptLines = 60

/** Nothing said yet. */
export const nothingSpoken: SpokenWords = { lines: [], interim: '' }

/** The next state. Pure. */
export function reduceSpoken(spoken: SpokenWords, update: CallUpdate): SpokenWords {
  switch (update.type) {
    case 'caption': {
      if (update.role === 'user') return { ...spoken, interim: update.final ? '' : update.text }
      const known = spoken.lines.find(({ id }) => id === update.id)
      const words = splitWords(
        update.text,
        update.words?.map(({ text }) => text),
      )
      const line: SpokenLine = {
        id: update.id,
        agentId: update.agentId,
        name: update.name,
        text: update.text,
        isFinal: update.final,
        isCut: update.interrupted === true,
        words: words.map((word, at) => {
          const before = known?.words[at]
          return { ...word, heard: before?.heard ?? 'queued', isConfirmed: before?.isConfirmed ?? false }
        }),
      }
      return withLine(spoken, line)
    }
    case 'heard': {
      const known = spoken.lines.find(({ id }) => id === update.utteranceId)
      if (known === undefined) return spoken
      const { played, confirmed, cut } = update
      const words = known.words.map((word, at): SpokenWord => {
        if (cut !== undefined && at >= cut) return { ...word, heard: 'cut', isConfirmed: false }
        if (at < played) return { ...word, heard: 'heard', isConfirmed: at < confirmed }
        const isNext =
          at === played && !known.isFinal && (played > 0 || known.words.some((each) => each.heard !== 'queued'))
        return { ...word, heard: isNext ? 'playing' : 'queued', isConfirmed: false }
      })
      return withLine(spoken, { ...known, isCut: known.isCut || cut !== undefined, words })
    }
    case 'segment': {
      // The first word is at the ear before any report of it.
      const known = spoken.lines.find(({ id }) => id === update.utteranceId)
      if (update.phase !== 'start' || known === undefined) return spoken
      const first = known.words.findIndex(({ heard }) => heard === 'queued')
      if (first < 0 || known.words.some(({ heard }) => heard === 'playing')) return spoken
      const words = known.words.map((word, at): SpokenWord => (at === first ? { ...word, heard: 'playing' } : word))
      return withLine(spoken, { ...known, words })
    }
    default:
      return spoken
  }
}

/** The line is gone: what was at the ear was heard as far as anybody knows, and nothing more will be. Pure. */
export function endSpoken(spoken: SpokenWords): SpokenWords {
  const lines = spoken.lines.map((line) => {
    if (line.words.every(({ heard }) => heard === 'heard' || heard === 'cut')) return { ...line, isFinal: true }
    const words = line.words.map((word): SpokenWord => {
      if (word.heard === 'queued') return { ...word, heard: 'cut', isConfirmed: false }
      return word.heard === 'playing' ? { ...word, heard: 'heard', isConfirmed: false } : word
    })
    return { ...line, isFinal: true, isCut: true, words }
  })
  return { lines, interim: '' }
}

function withLine(spoken: SpokenWords, line: SpokenLine): SpokenWords {
  const isKnown = spoken.lines.some(({ id }) => id === line.id)
  const lines = isKnown
    ? spoken.lines.map((other) => (other.id === line.id ? line : other))
    : [...spoken.lines, line].slice(-keptLines)
  return { ...spoken, lines }
}

/** The words of a text with what stands between them; by its own spaces where none are given. */
function splitWords(text: string, given: readonly string[] | undefined): { text: string; after: string }[] {
  const words = given === undefined || given.length === 0 ? (text.match(/\S+/gu) ?? []) : given
  const found: { text: string; after: string }[] = []
  let cursor = 0
  words.forEach((word, at) => {
    const start = text.indexOf(word, cursor)
    if (start < 0) return void found.push({ text: word, after: ' ' })
    const end = start + word.length
    const next = at + 1 < words.length ? text.indexOf(words[at + 1] ?? '', end) : text.length
    const after = text.slice(end, next < 0 ? end : next)
    cursor = end
    found.push({ text: word, after: after === '' && at + 1 < words.length ? ' ' : after })
  })
  return found
}

/** Words for each row that was spoken in this call, and the lines that are in no row yet. */
export interface SpokenRows {
  byRow: ReadonlyMap<string, readonly SpokenWord[]>
  /** Spoken now, or over and not in the log. */
  open: readonly SpokenLine[]
}

/** Ties lines to rows of the log by the utterance that both name. */
export function matchRows(spoken: SpokenWords, rows: readonly TimelineRow[]): SpokenRows {
  const byRow = new Map<string, readonly SpokenWord[]>()
  const open: SpokenLine[] = []
  for (const line of spoken.lines) {
    const own = rows.filter((row): row is MessageRow => row.kind === 'message' && row.utteranceId === line.id)
    let rest = [...line.words]
    own.forEach((row, at) => {
      const isLast = at === own.length - 1 && line.isFinal
      const count = isLast ? rest.length : wordsOf(rest, row.text)
      byRow.set(row.key, rest.slice(0, count))
      rest = rest.slice(count)
    })
    if (rest.length > 0 && (own.length === 0 || !line.isFinal)) open.push({ ...line, words: rest })
  }
  // A line that never came into the log, such as "one moment", goes when the next begins.
  const last = spoken.lines.at(-1)?.id
  return { byRow, open: open.filter((line) => !line.isFinal || line.id === last) }
}

/** How many of the words make up a text. */
function wordsOf(words: readonly SpokenWord[], text: string): number {
  const length = bare(text).length
  let sum = 0
  let count = 0
  for (const word of words) {
    if (sum >= length) break
    sum += bare(word.text).length
    count += 1
  }
  return count
}

function bare(text: string): string {
  return text.replaceAll(/\s+/gu, '')
}
