import type { AudioChunk, SampleRate, SpeechContext, SpeechToText } from '@parley/spec'
import type { HeardPiece } from './heard-recorder.ts'
import { createListener } from './listener.ts'

/** What can be listened to: pieces with times, or one clip. */
export type Recording = readonly HeardPiece[] | AudioChunk

/** One stretch of speech of one voice. Times are of the recording: the clock's for pieces, from the start for a clip. */
export interface HeardSpeech {
  /** Name of the voice; `''` where a recognizer listened. */
  voice: string
  text: string
  startMs: number
  endMs: number
  /** Nothing is missing or out of order inside; always `true` where a recognizer listened. */
  isWhole: boolean
}

/** Options of `listen`. */
export interface ListenOptions {
  /** Names of the voices, as the speaking double has them. @default `fakeVoices` */
  voices?: readonly string[]
  /** Silence that separates two stretches, in milliseconds. @default 400 */
  gapMs?: number
}

/** How `listen` recognizes speech that is no tone code: a recognizer of whole clips. */
export interface RecognizeOptions extends ListenOptions {
  speechToText: SpeechToText
  context: SpeechContext
  language?: string
}

/** Reads what was heard: by the tone code of the doubles. */
export function listen(recording: Recording, options?: ListenOptions): HeardSpeech[]
/** Reads what was heard: by a recognizer, for each stretch between silences. */
export function listen(recording: Recording, options: RecognizeOptions): Promise<HeardSpeech[]>
export function listen(
  recording: Recording,
  options: ListenOptions | RecognizeOptions = {},
): HeardSpeech[] | Promise<HeardSpeech[]> {
  if ('speechToText' in options) return recognize(recording, options)
  const pieces = 'samples' in recording ? [toPiece(recording)] : recording
  // Silence after the end: the last character may be less than a window.
  const last = pieces.at(-1)
  if (last === undefined) return []
  const endMs = last.atMs + (last.samples.length * 1000) / last.sampleRateHz
  const tail = { ...last, atMs: endMs, samples: new Int16Array(Math.round(last.sampleRateHz / 100)) }
  return createListener(options).read([...pieces, tail])
}

/** The whole text that was heard, stretches joined by spaces. */
export function heardText(recording: Recording, options?: ListenOptions): string {
  return listen(recording, options)
    .map(({ text }) => text)
    .join(' ')
}

interface Stretch {
  startMs: number
  sampleRateHz: SampleRate
  samples: Int16Array
}

/** Joins pieces that follow each other within `gapMs`, gaps filled with silence. */
function toStretches(recording: Recording, gapMs: number): Stretch[] {
  const groups: HeardPiece[][] = []
  let endMs = 0
  for (const piece of 'samples' in recording ? [toPiece(recording)] : recording) {
    const group = groups.at(-1)
    const isNear = group?.[0]?.sampleRateHz === piece.sampleRateHz && piece.atMs - endMs <= gapMs + 1
    if (group !== undefined && isNear) group.push(piece)
    else groups.push([piece])
    endMs = piece.atMs + (piece.samples.length * 1000) / piece.sampleRateHz
  }
  return groups.map(join)
}

function join(pieces: readonly HeardPiece[]): Stretch {
  const sampleRateHz = pieces[0]?.sampleRateHz ?? 16_000
  const startMs = pieces[0]?.atMs ?? 0
  const parts: Int16Array[] = []
  let length = 0
  for (const { atMs, samples } of pieces) {
    const missing = Math.round(((atMs - startMs) * sampleRateHz) / 1000) - length
    // Rounding of instants makes no gap.
    if (missing > sampleRateHz / 500) {
      parts.push(new Int16Array(missing))
      length += missing
    }
    parts.push(samples)
    length += samples.length
  }
  const samples = new Int16Array(length)
  let at = 0
  for (const part of parts) {
    samples.set(part, at)
    at += part.length
  }
  return { startMs, sampleRateHz, samples }
}

function toPiece({ samples, sampleRateHz, channels }: AudioChunk): HeardPiece {
  return { atMs: 0, samples: channels === 1 ? samples : samples.filter((_, n) => n % 2 === 0), sampleRateHz }
}

async function recognize(
  recording: Recording,
  { speechToText, context, language, gapMs = 400 }: RecognizeOptions,
): Promise<HeardSpeech[]> {
  const speeches: HeardSpeech[] = []
  for (const { startMs, sampleRateHz, samples } of toStretches(recording, gapMs)) {
    const options = { format: { encoding: 'pcm16', sampleRateHz, channels: 1 } as const, ...(language && { language }) }
    const transcript = await speechToText.transcribe?.({ samples, sampleRateHz, channels: 1 }, options, context)
    const endMs = startMs + (samples.length * 1000) / sampleRateHz
    if (transcript?.text) speeches.push({ voice: '', text: transcript.text, startMs, endMs, isWhole: true })
  }
  return speeches
}
