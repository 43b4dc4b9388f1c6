import type { PositionConfidence, WordTimingSource } from '@parley/spec'

import type { UtteranceKind } from '../turn/turn-events.ts'

/** How much of something was heard. */
export type HeardExtent = 'full' | 'partial' | 'none'

/** One written word of an utterance and what became of it. States only grow. */
export interface LedgerWord {
  /** As it is written. */
  text: string
  /** What follows it in the written text: white space, or nothing. */
  after: string
  /** As it is said; empty where nothing is. */
  spoken: string
  segmentId: string
  /** From the start of its segment. */
  startMs: number
  endMs: number
  generated: boolean
  sent: boolean
  played: boolean
  confirmed: boolean
  /** How sure it is that the word was heard, 0 to 1: 0 until it was played. */
  confidence: number
  source: WordTimingSource
}

/** A part of an utterance that somebody asks about later. */
export interface LedgerSpan {
  spanId: string
  mustHear: 'uninterruptible' | 'resay' | null
  /** Index of its first word in the utterance, and how many there are. */
  firstWord: number
  words: number
  /** Which word of the span this part begins with: 0, or where saying it again began. */
  fromWord: number
}

/** `open` until it is settled. */
export type LedgerStatus = 'open' | 'done' | 'interrupted' | 'dropped' | 'failed'

/** One agent speech. */
export interface LedgerUtterance {
  utteranceId: string
  agentId: string | null
  kind: UtteranceKind
  words: LedgerWord[]
  spans: LedgerSpan[]
  status: LedgerStatus
}

/** Where the sound of a segment stands. */
export interface LedgerSegment {
  segmentId: string
  utteranceId: string
  sentMs: number
  playedMs: number
  confirmedMs: number
  /** Length of its sound, once known. */
  totalMs: number | null
  finished: 'no' | 'whole' | 'cut'
  lastConfidence: PositionConfidence
  /** Stretches of even playout: instants of the call's clock, and the position at the first of them. */
  stretches: { fromMs: number; toMs: number; positionMs: number }[]
}

/** A stored ledger. */
export interface LedgerJson {
  version: 1
  utterances: LedgerUtterance[]
  segments: LedgerSegment[]
}
