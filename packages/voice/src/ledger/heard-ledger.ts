import { checkOptions, ParleyError, type Clock, type PositionConfidence, type Word } from '@parley/spec'

import { mergeWords } from '../speech/merge-words.ts'
import type { SpokenUnit } from '../text/spoken-units.ts'
import type { UtteranceKind } from '../turn/turn-events.ts'
import { extentOf, firstUnheardSentence, MAX_RESAYS, spanWords, textOf, type MustHearDue } from './heard-spans.ts'
import type {
  HeardExtent,
  LedgerJson,
  LedgerSegment,
  LedgerStatus,
  LedgerUtterance,
  LedgerWord,
} from './ledger-record.ts'
import { growSilentWords, growWords, timeWords, toLedgerWords } from './segment-words.ts'

/** Text that was generated for a segment. */
export interface GeneratedText {
  written: string
  /** What is said for it. @default what is written */
  spoken?: string
  /** Which part of `written` is said by which part of `spoken`. @default found by counting words */
  units?: readonly SpokenUnit[]
  segmentId: string
  /** The text belongs to a part that is asked about later. */
  spanId?: string
  mustHear?: 'uninterruptible' | 'resay'
  /** Where saying a span again begins, as `mustHearDue` told. @default 0 */
  fromWord?: number
}

/** What was heard of a span, and how surely. */
export interface SpanReport {
  spanId: string
  played: HeardExtent
  confirmed: HeardExtent
  /** Of the word that is least sure; 0 unless all were played. */
  confidence: number
  /** How often it was said, in part or whole. */
  says: number
}

/** What was generated, sent, played and confirmed, word by word. */
export interface HeardLedger {
  open(utterance: { utteranceId: string; agentId: string | null; kind: UtteranceKind }): void
  generated(utteranceId: string, text: GeneratedText): void
  /** Times of words from the segment's start; words that begin before known ones end replace those. */
  timed(segmentId: string, words: readonly Word[], totalMs?: number): void
  /** Sound was handed on up to a position. */
  sent(segmentId: string, positionMs: number): void
  /** @param atMs - instant of the call's clock. @default now */
  played(segmentId: string, positionMs: number, confidence: PositionConfidence, atMs?: number): void
  finished(segmentId: string, end: { interrupted: boolean; stalled?: boolean }): void
  settle(utteranceId: string, status: Exclude<LedgerStatus, 'open'>): void
  /** The written text that was heard: a prefix of what was generated, `''` if nothing was. */
  heardText(utteranceId: string, options?: { atLeast?: 'played' | 'confirmed' }): string
  generatedText(utteranceId: string): string
  /** From the start of the first sentence that was not heard to its end; `''` if all was. */
  unheardText(utteranceId: string): string
  /** What a model may know of it: the heard text, with a marker where it was cut; `null` for fillers and the like. */
  historyText(utteranceId: string, options?: { marker?: string }): string | null
  wasHeard(spanId: string, options?: { atLeast?: 'played' | 'confirmed' }): HeardExtent
  spanReport(spanId: string): SpanReport
  spans(utteranceId: string): Record<string, HeardExtent>
  /** How a segment must be heard, if it is part of a must-hear text. */
  mustHearOf(segmentId: string): 'uninterruptible' | 'resay' | null
  /** Must-hear parts of an utterance that were not heard: to be said again, or given up. */
  mustHearDue(utteranceId: string): { due: MustHearDue[]; unheard: string[] }
  /** Word counts. */
  counts(utteranceId: string): { words: number; played: number; confirmed: number }
  /** What was playing at an instant of the call's clock. */
  at(ms: number): { utteranceId: string; segmentId: string; positionMs: number; word: LedgerWord | null } | null
  utterance(utteranceId: string): LedgerUtterance | undefined
  utterances(): LedgerUtterance[]
  toJSON(): LedgerJson
}

const unseenKinds: readonly UtteranceKind[] = ['filler', 'backchannel', 'hold']
/** Playout that is further off than this did not go on evenly: it paused, or a report was late. */
const evenMs = 40
const maxStretches = 256

/** Makes the ledger of one call, empty or as it was stored. */
export function createHeardLedger(options: { clock: Clock; stored?: LedgerJson }): HeardLedger {
  checkOptions('createHeardLedger', options, ['clock', 'stored'])
  const { clock } = options
  const copy = structuredClone(options.stored ?? { version: 1 as const, utterances: [], segments: [] })
  const utterances = new Map(copy.utterances.map((utterance) => [utterance.utteranceId, utterance]))
  const segments = new Map(copy.segments.map((segment) => [segment.segmentId, segment]))
  // Reports come with every frame: words of a segment are not looked for each time.
  const wordsOf = Map.groupBy(
    copy.utterances.flatMap((utterance) => utterance.words),
    (word) => word.segmentId,
  )
  // What voices told of words that are still growing; after a restart only their outcome is known.
  const timings = new Map<string, Word[]>()

  function utteranceOf(utteranceId: string): LedgerUtterance {
    const found = utterances.get(utteranceId)
    if (found !== undefined) return found
    throw new ParleyError({
      code: 'invalid_options',
      message: `The ledger has no utterance ${utteranceId}. Open it first.`,
      details: { path: 'utteranceId', utteranceId },
    })
  }

  function segmentOf(segmentId: string, utteranceId: string): LedgerSegment {
    const known = segments.get(segmentId)
    if (known !== undefined) return known
    const made: LedgerSegment = {
      segmentId,
      utteranceId,
      sentMs: 0,
      playedMs: 0,
      confirmedMs: 0,
      totalMs: null,
      finished: 'no',
      lastConfidence: 'estimated',
      stretches: [],
    }
    segments.set(segmentId, made)
    return made
  }

  /** Changes a segment and lets its words grow; what is not known (a tone, an announcement) has no words. */
  function change(segmentId: string, apply: (segment: LedgerSegment) => void, isTiming = false): void {
    const segment = segments.get(segmentId)
    const utterance = segment === undefined ? undefined : utterances.get(segment.utteranceId)
    if (segment === undefined || utterance === undefined) return
    apply(segment)
    const words = wordsOf.get(segmentId) ?? []
    if (isTiming) timeWords(segment, words, timings.get(segmentId) ?? [])
    growWords(segment, words)
    growSilentWords(utterance.words)
  }

  function heardWords(utteranceId: string, atLeast: 'played' | 'confirmed'): LedgerWord[] {
    const { words } = utteranceOf(utteranceId)
    const cut = words.findIndex((word) => !word[atLeast])
    return cut < 0 ? words : words.slice(0, cut)
  }

  return {
    open({ utteranceId, agentId, kind }) {
      if (utterances.has(utteranceId)) return
      utterances.set(utteranceId, { utteranceId, agentId, kind, words: [], spans: [], status: 'open' })
    },

    generated(utteranceId, { written, spoken = written, units, segmentId, spanId, mustHear, fromWord = 0 }) {
      const utterance = utteranceOf(utteranceId)
      segmentOf(segmentId, utteranceId)
      const words = toLedgerWords(units ?? pairWords(written, spoken), segmentId)
      const firstWord = utterance.words.length
      utterance.words.push(...words)
      wordsOf.set(segmentId, [...(wordsOf.get(segmentId) ?? []), ...words])
      if (spanId !== undefined) {
        const open = utterance.spans.at(-1)
        if (open?.spanId === spanId && open.firstWord + open.words === firstWord) open.words += words.length
        else utterance.spans.push({ spanId, mustHear: mustHear ?? null, firstWord, words: words.length, fromWord })
      }
      change(segmentId, () => {}, true)
    },

    timed(segmentId, words, totalMs) {
      timings.set(segmentId, mergeWords(timings.get(segmentId) ?? [], words))
      change(segmentId, (segment) => void (segment.totalMs = totalMs ?? segment.totalMs), true)
    },

    sent(segmentId, positionMs) {
      change(segmentId, (segment) => void (segment.sentMs = Math.max(segment.sentMs, positionMs)))
    },

    played(segmentId, positionMs, confidence, atMs = clock.monotonicMs()) {
      change(segmentId, (segment) => {
        stretch(segment, positionMs, atMs)
        segment.playedMs = Math.max(segment.playedMs, positionMs)
        segment.lastConfidence = confidence
        if (confidence === 'confirmed') segment.confirmedMs = Math.max(segment.confirmedMs, positionMs)
      })
    },

    finished(segmentId, { interrupted, stalled = false }) {
      change(segmentId, (segment) => {
        if (segment.finished === 'no') segment.finished = interrupted || stalled ? 'cut' : 'whole'
      })
    },

    settle(utteranceId, status) {
      const utterance = utteranceOf(utteranceId)
      if (utterance.status !== 'open') return
      utterance.status = status
      // Nothing to say means nothing was missed.
      if (status !== 'done' || utterance.words.some((word) => word.spoken !== '')) return
      for (const word of utterance.words) {
        word.sent = true
        word.played = true
      }
    },

    heardText: (utteranceId, { atLeast = 'played' } = {}) => textOf(heardWords(utteranceId, atLeast)),
    generatedText: (utteranceId) => textOf(utteranceOf(utteranceId).words),

    unheardText(utteranceId) {
      const { words } = utteranceOf(utteranceId)
      const from = firstUnheardSentence(words)
      return from === null ? '' : textOf(words.slice(from))
    },

    historyText(utteranceId, { marker = '[interrupted]' } = {}) {
      const { kind, status } = utteranceOf(utteranceId)
      if (unseenKinds.includes(kind)) return null
      const heard = textOf(heardWords(utteranceId, 'played'))
      if (heard === '') return null
      return status === 'interrupted' && marker !== '' ? `${heard} ${marker}` : heard
    },

    wasHeard: (spanId, { atLeast = 'played' } = {}) => extentOf(spanWords(utterances.values(), spanId).words, atLeast),

    spanReport(spanId) {
      const { words, says } = spanWords(utterances.values(), spanId)
      const confidence = words.length === 0 ? 0 : Math.min(...words.map((word) => word.confidence))
      return { spanId, played: extentOf(words, 'played'), confirmed: extentOf(words, 'confirmed'), confidence, says }
    },

    spans(utteranceId) {
      const ids = utteranceOf(utteranceId).spans.map((span) => span.spanId)
      return Object.fromEntries(ids.map((id) => [id, extentOf(spanWords(utterances.values(), id).words, 'played')]))
    },

    mustHearOf(segmentId) {
      const utterance = utterances.get(segments.get(segmentId)?.utteranceId ?? '')
      const index = utterance?.words.findIndex((word) => word.segmentId === segmentId) ?? -1
      const span = utterance?.spans.find(({ firstWord, words }) => index >= firstWord && index < firstWord + words)
      return span?.mustHear ?? null
    },

    mustHearDue(utteranceId) {
      const due: MustHearDue[] = []
      const unheard: string[] = []
      const spans = utteranceOf(utteranceId).spans.filter((span) => span.mustHear !== null)
      for (const spanId of new Set(spans.map((span) => span.spanId))) {
        const { words, says } = spanWords(utterances.values(), spanId)
        const fromWord = firstUnheardSentence(words)
        if (fromWord === null) continue
        const isResaid = spans.some((span) => span.spanId === spanId && span.mustHear === 'resay')
        if (!isResaid || says > MAX_RESAYS) unheard.push(spanId)
        else due.push({ spanId, text: textOf(words.slice(fromWord)), fromWord, attempt: says })
      }
      return { due, unheard }
    },

    counts(utteranceId) {
      const { words } = utteranceOf(utteranceId)
      return {
        words: words.length,
        played: words.filter((word) => word.played).length,
        confirmed: words.filter((word) => word.confirmed).length,
      }
    },

    at(ms) {
      for (const segment of segments.values()) {
        const found = segment.stretches.find(({ fromMs, toMs }) => fromMs <= ms && ms <= toMs)
        if (found === undefined) continue
        const positionMs = found.positionMs + ms - found.fromMs
        const words = utterances.get(segment.utteranceId)?.words ?? []
        const word = words.findLast((each) => each.segmentId === segment.segmentId && each.startMs <= positionMs)
        return { utteranceId: segment.utteranceId, segmentId: segment.segmentId, positionMs, word: word ?? null }
      }
      return null
    },

    utterance: (utteranceId) => utterances.get(utteranceId),
    utterances: () => [...utterances.values()],
    toJSON: () =>
      structuredClone({ version: 1, utterances: [...utterances.values()], segments: [...segments.values()] }),
  }
}

/** Notes that a position was reached: playout went on from the last one, or began anew after a pause. */
function stretch({ stretches, playedMs }: LedgerSegment, positionMs: number, atMs: number): void {
  const last = stretches.at(-1)
  if (last !== undefined) {
    const expectedMs = last.positionMs + atMs - last.fromMs
    if (Math.abs(positionMs - expectedMs) <= evenMs) {
      last.toMs = Math.max(last.toMs, atMs)
      return
    }
  }
  if (positionMs <= playedMs && last !== undefined) return
  // What was played since the last position was played just now.
  const fromMs = Math.max(atMs - (positionMs - playedMs), last?.toMs ?? Number.NEGATIVE_INFINITY)
  if (stretches.length < maxStretches) stretches.push({ fromMs, toMs: atMs, positionMs: positionMs - (atMs - fromMs) })
}

/** Pairs the words of two texts one by one; where they differ in number, by share. */
function pairWords(written: string, spoken: string): SpokenUnit[] {
  const ours = written.match(/\s*\S+\s*/gu) ?? (written === '' ? [] : [written])
  const theirs = spoken.match(/\S+/gu) ?? []
  return ours.map((word, index) => {
    const from = Math.round((index * theirs.length) / ours.length)
    const to = Math.round(((index + 1) * theirs.length) / ours.length)
    return { written: word, spoken: theirs.slice(from, to).join(' ') }
  })
}
