import type { SttEvent, Word } from '@parley/spec'
import type { ListenMessage, ListenResults, ListenWord, TurnInfo } from './server-messages.ts'

/** Turns messages of the server into events of the port. */
export interface TranscriptAssembly {
  take(message: ListenMessage): void
  /** Makes a final of all that is known, or an empty one if `evenIfEmpty`. */
  flush(options: { evenIfEmpty: boolean }): void
  /** Words that are not final yet. */
  readonly pendingText: string
  /** Somebody speaks. */
  readonly isSpeaking: boolean
  /** Finals told so far. */
  readonly finals: number
  /** Everything before this position of the present stream is final or was given up. */
  readonly settledMs: number
  /** A new stream begins: its positions count from 0. */
  restart(): void
}

interface Piece {
  text: string
  /** On the call's clock; `undefined` where the server gave no times. */
  words: Word[] | undefined
  wordsEndMs: number | undefined
  speaker: string | undefined
  startMs: number
  endMs: number
  confidence: number | undefined
}

/** Makes an assembly; `toClock` places positions of the stream. */
export function createTranscriptAssembly({
  toClock,
  nextId,
  emit,
  onUtterance,
}: {
  toClock: (positionMs: number) => number
  nextId: () => string
  emit: (event: SttEvent) => void
  /** An utterance is over. */
  onUtterance: () => void
}): TranscriptAssembly {
  let pieces: Piece[] = []
  let interim: Piece | undefined
  let id = ''
  let isSpeaking = false
  let language: string | undefined
  let finals = 0
  let settledMs = 0
  /** The last final that was made without the server: what still comes for it replaces its text. */
  let given: { id: string; text: string; untilMs: number; late: Piece[] } | undefined
  let turn = -1
  let lastFinal: Piece | undefined

  const open = (atMs: number | undefined): void => {
    if (id === '') id = nextId()
    if (isSpeaking) return
    isSpeaking = true
    emit({ type: 'speechStart', ...(atMs !== undefined && { atMs: toClock(atMs) }) })
  }
  const event = (type: 'interim' | 'final', eventId: string, parts: readonly Piece[], eager = false): SttEvent => {
    const words = parts.flatMap((part) => part.words ?? [])
    const hasTimes = words.length > 0 && parts.every((part) => part.words !== undefined)
    const confidences = parts.flatMap(({ confidence }) => (confidence === undefined ? [] : [confidence]))
    const speaker = parts[0]?.speaker
    return {
      type,
      id: eventId,
      text: parts.map(({ text }) => text).join(' '),
      ...(hasTimes && { words }),
      ...(confidences.length > 0 && { confidence: Math.min(...confidences) }),
      ...(language !== undefined && { language }),
      ...(speaker !== undefined && { speaker }),
      ...(eager && { eager }),
    }
  }
  const known = (): Piece[] => (interim === undefined ? pieces : [...pieces, interim])
  const end = (parts: readonly Piece[], atMs: number | undefined): void => {
    if (isSpeaking) emit({ type: 'speechEnd', ...(atMs !== undefined && { atMs: toClock(atMs) }) })
    isSpeaking = false
    if (parts.length > 0) {
      finals += 1
      emit(event('final', id === '' ? nextId() : id, parts))
    }
    pieces = []
    interim = undefined
    id = ''
    onUtterance()
  }
  const toPiece = (
    text: string,
    words: readonly ListenWord[],
    rest: { startMs: number; endMs: number; confidence: number | undefined },
  ): Piece => {
    const end = words.at(-1)?.end
    const speaker = words[0]?.speaker
    return {
      text,
      words: toWords(words, toClock),
      wordsEndMs: end === undefined ? undefined : end * 1000,
      speaker: speaker === undefined ? undefined : String(speaker),
      ...rest,
    }
  }

  /** A final that comes after we gave up waiting for it: it replaces what was told. */
  const takeLate = (piece: Piece, isLast: boolean): void => {
    if (given === undefined) return
    if (piece.text !== '') given.late.push(piece)
    if (!isLast) return
    const { id: lateId, text, late } = given
    given = undefined
    if (late.length > 0 && late.map((part) => part.text).join(' ') !== text) emit(event('final', lateId, late))
  }

  const takeResults = (message: ListenResults): void => {
    const best = message.channel.alternatives[0]
    const piece = toPiece(best?.transcript.trim() ?? '', best?.words ?? [], {
      startMs: message.start * 1000,
      endMs: (message.start + message.duration) * 1000,
      confidence: best?.confidence,
    })
    language = message.channel.detected_language ?? language
    const isEnd = message.speech_final || message.from_finalize
    if (given !== undefined && piece.startMs < given.untilMs) {
      if (message.is_final) takeLate(piece, isEnd)
      return
    }
    if (!message.is_final) {
      if (piece.text === '') return
      open(startOf(best?.words ?? []) ?? piece.startMs)
      interim = piece
      emit(event('interim', id, known()))
      return
    }
    interim = undefined
    // The same words may be told twice.
    const isRepeated = lastFinal?.startMs === piece.startMs && lastFinal.text === piece.text
    if (piece.text !== '' && !isRepeated) {
      open(startOf(best?.words ?? []) ?? piece.startMs)
      pieces.push(piece)
      lastFinal = piece
    }
    settledMs = Math.max(settledMs, piece.endMs)
    if (!isEnd) {
      if (piece.text !== '' && pieces.length > 0) emit(event('interim', id, pieces))
      return
    }
    if (pieces.length > 0 || isSpeaking) return end(pieces, pieces.at(-1)?.wordsEndMs ?? piece.startMs)
    if (message.from_finalize) tellEmpty()
  }
  const tellEmpty = (): void => {
    finals += 1
    emit({ type: 'final', id: nextId(), text: '' })
    onUtterance()
  }

  /** Makes a final of what is known, without the server. */
  const giveUp = (endMs: number | undefined): void => {
    const parts = known()
    const last = parts.at(-1)
    const untilMs = last?.endMs ?? 0
    settledMs = Math.max(settledMs, untilMs)
    given = { id, text: parts.map(({ text }) => text).join(' '), untilMs, late: [] }
    end(parts, endMs ?? last?.wordsEndMs ?? untilMs)
  }

  const takeTurn = (message: TurnInfo): void => {
    const piece = toPiece(message.transcript.trim(), message.words, {
      startMs: message.audio_window_start * 1000,
      endMs: message.audio_window_end * 1000,
      confidence: message.end_of_turn_confidence,
    })
    if (given !== undefined && piece.startMs < given.untilMs) {
      if (message.event !== 'EndOfTurn') return
      turn = message.turn_index
      return takeLate(piece, true)
    }
    if (message.event === 'StartOfTurn') return open(piece.startMs)
    if (message.event === 'TurnResumed') return emit({ type: 'speechResumed' })
    if (message.event === 'EndOfTurn') {
      // The same end may be told twice.
      if (message.turn_index <= turn) return
      turn = message.turn_index
      settledMs = piece.endMs
      if (piece.text === '' && !isSpeaking) return
      if (id === '') id = nextId()
      return end(piece.text === '' ? [] : [piece], piece.endMs)
    }
    if (piece.text === '' || message.turn_index <= turn) return
    open(piece.startMs)
    interim = piece
    if (message.event === 'EagerEndOfTurn') emit(event('final', id, [piece], true))
    else emit(event('interim', id, [piece]))
  }

  return {
    take(message) {
      switch (message.type) {
        case 'Results':
          return takeResults(message)
        case 'TurnInfo':
          return takeTurn(message)
        case 'SpeechStarted':
          return open(message.timestamp * 1000)
        case 'UtteranceEnd': {
          const endMs = message.last_word_end < 0 ? undefined : message.last_word_end * 1000
          // Words without a final: it may still come, and then replaces them.
          if (interim !== undefined) giveUp(endMs)
          else if (pieces.length > 0 || isSpeaking) end(pieces, endMs)
          return
        }
        default:
      }
    },
    flush({ evenIfEmpty }) {
      if (known().length > 0) giveUp(undefined)
      else if (evenIfEmpty) tellEmpty()
    },
    get pendingText() {
      return known()
        .map(({ text }) => text)
        .join(' ')
    },
    get isSpeaking() {
      return isSpeaking
    },
    get finals() {
      return finals
    },
    get settledMs() {
      return settledMs
    },
    restart() {
      interim = undefined
      settledMs = 0
      given = undefined
      turn = -1
      lastFinal = undefined
    },
  }
}

function startOf(words: readonly ListenWord[]): number | undefined {
  const start = words[0]?.start
  return start === undefined ? undefined : start * 1000
}

/** Words on the clock; `undefined` where the server gave no times. */
function toWords(words: readonly ListenWord[], toClock: (ms: number) => number): Word[] | undefined {
  if (words.length === 0) return undefined
  const placed: Word[] = []
  for (const { word, start, end, confidence, punctuated_word: punctuated } of words) {
    if (start === undefined || end === undefined) return undefined
    const startMs = toClock(start * 1000)
    const times = { startMs, endMs: Math.max(startMs, toClock(end * 1000)) }
    placed.push({ text: punctuated ?? word, ...times, ...(confidence !== undefined && { confidence }) })
  }
  return placed
}
