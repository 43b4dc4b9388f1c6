import type { AudioChunk, SampleRate, SpeechContext, SpeechToText } from '@parley/spec'
import { fakeVoices } from './fake-voices.ts'
import type { HeardPiece } from './heard-recorder.ts'
import { createToneReader, type HeardTone } from './tone-reader.ts'

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
  const { voices = fakeVoices, gapMs = 400 } = options
  const tones = toStretches(recording, 0).flatMap(readTones)
  const speeches: (HeardSpeech & { tones: HeardTone[] })[] = []
  for (const tone of tones) {
    const voice = voices[tone.voice] ?? String(tone.voice)
    const open = speeches.at(-1)
    if (open === undefined || open.voice !== voice || tone.startMs - open.endMs > gapMs) {
      const isWhole = true
      speeches.push({ voice, text: tone.character, startMs: tone.startMs, endMs: tone.endMs, isWhole, tones: [tone] })
      continue
    }
    append(open, tone)
  }
  return speeches.map(({ voice, text, startMs, endMs, isWhole }) => ({
    voice,
    text: text.trim(),
    startMs,
    endMs,
    isWhole,
  }))
}

/** The whole text that was heard, stretches joined by spaces. */
export function heardText(recording: Recording, options?: ListenOptions): string {
  return listen(recording, options)
    .map(({ text }) => text)
    .join(' ')
}

/** Adds a character: what is sent again after a pause is heard twice and written once. */
function append(speech: HeardSpeech & { tones: HeardTone[] }, tone: HeardTone): void {
  const { tones } = speech
  const last = tones.at(-1)
  for (let back = 1; back <= 3; back++) {
    const known = tones.at(-back)
    if (known === undefined || known.place !== tone.place || known.character !== tone.character) continue
    // The last `back` characters are said once more: they are replaced as they come.
    tones.splice(tones.length - back, back, tone)
    speech.text = speech.text.slice(0, speech.text.length - back) + tone.character
    speech.endMs = tone.endMs
    return
  }
  const isNext = last !== undefined && tone.place === (last.place % 7) + 1
  if (tone.place === 0) {
    if (!speech.text.endsWith(' ')) speech.text += ' '
    tones.length = 0
  } else if (!isNext) speech.isWhole = false
  tones.push(tone)
  speech.text += tone.character
  speech.endMs = tone.endMs
}

interface Stretch {
  startMs: number
  sampleRateHz: SampleRate
  samples: Int16Array
}

function readTones({ startMs, sampleRateHz, samples }: Stretch): HeardTone[] {
  const tones: HeardTone[] = []
  const reader = createToneReader({ sampleRateHz, onTone: (tone) => tones.push(tone) })
  reader.push(samples)
  // A cut may leave less than a window: silence brings it to its end.
  reader.push(new Int16Array(Math.round(sampleRateHz / 100)))
  return tones.map((tone) => ({ ...tone, startMs: tone.startMs + startMs, endMs: tone.endMs + startMs }))
}

/** Joins pieces that follow each other within `gapMs`, gaps filled with silence. */
function toStretches(recording: Recording, gapMs: number): Stretch[] {
  if ('samples' in recording) {
    return [{ startMs: 0, sampleRateHz: recording.sampleRateHz, samples: toMono(recording) }]
  }
  const groups: HeardPiece[][] = []
  let endMs = 0
  for (const piece of recording) {
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

function toMono({ samples, channels }: AudioChunk): Int16Array {
  return channels === 1 ? samples : samples.filter((_, n) => n % 2 === 0)
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
