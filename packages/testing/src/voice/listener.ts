import { fakeVoices } from './fake-voices.ts'
import type { HeardPiece } from './heard-recorder.ts'
import type { HeardSpeech, ListenOptions } from './listen.ts'
import { createToneReader, type HeardTone, type ToneReader } from './tone-reader.ts'

/** Listens to a recording that grows, without hearing anything twice. */
export interface Listener {
  /** What was heard in pieces to which only new ones were added since the last call. */
  read(pieces: readonly HeardPiece[]): HeardSpeech[]
}

interface Speech extends HeardSpeech {
  /** Characters that may come again after a pause. */
  tones: HeardTone[]
}

/** Instants are rounded: what follows within this is no gap. */
const joinMs = 2

/** Makes a listener for one recording of tone-coded speech. */
export function createListener({ voices = fakeVoices, gapMs = 400 }: ListenOptions = {}): Listener {
  const speeches: Speech[] = []
  let taken = 0
  let reader: ToneReader | undefined
  let stretch = { startMs: 0, endMs: 0, sampleRateHz: 0 }
  /** The tone that may still grow, with the speech it belongs to. */
  let growing: { tone: HeardTone; startMs: number; speech: Speech } | undefined

  const hear = (tone: HeardTone): void => {
    const startMs = tone.startMs + stretch.startMs
    const placed = { ...tone, startMs, endMs: tone.endMs + stretch.startMs }
    const voice = voices[tone.voice] ?? String(tone.voice)
    const open = speeches.at(-1)
    let speech = open
    if (open === undefined || open.voice !== voice || startMs - open.endMs > gapMs) {
      speech = { voice, text: tone.character, startMs, endMs: placed.endMs, isWhole: true, tones: [placed] }
      speeches.push(speech)
    } else append(open, placed)
    if (speech !== undefined) growing = { tone, startMs: stretch.startMs, speech }
  }
  const grow = (): void => {
    if (growing === undefined) return
    growing.speech.endMs = growing.tone.endMs + growing.startMs
  }
  const take = ({ atMs, samples, sampleRateHz }: HeardPiece): void => {
    const follows = reader !== undefined && stretch.sampleRateHz === sampleRateHz && atMs - stretch.endMs <= joinMs
    if (!follows) {
      endStretch()
      stretch = { startMs: atMs, endMs: atMs, sampleRateHz }
      reader = createToneReader({
        sampleRateHz,
        onTone(tone) {
          grow()
          hear(tone)
        },
      })
    }
    reader?.push(samples)
    stretch.endMs = atMs + (samples.length * 1000) / sampleRateHz
  }
  // A cut may leave less than a window: silence brings it to its end.
  const endStretch = (): void => {
    reader?.push(new Int16Array(Math.round(stretch.sampleRateHz / 100)))
    grow()
    growing = undefined
    reader = undefined
  }

  return {
    read(pieces) {
      for (; taken < pieces.length; taken++) {
        const piece = pieces[taken]
        if (piece !== undefined) take(piece)
      }
      grow()
      return speeches.map(({ voice, text, startMs, endMs, isWhole }) => ({
        voice,
        text: text.trim(),
        startMs,
        endMs,
        isWhole,
      }))
    },
  }
}

/** Adds a character: what is sent again after a pause is heard twice and written once. */
function append(speech: Speech, tone: HeardTone): void {
  const { tones } = speech
  const last = tones.at(-1)
  speech.endMs = tone.endMs
  for (let back = 1; back <= 3; back++) {
    const known = tones.at(-back)
    if (known === undefined || known.place !== tone.place || known.character !== tone.character) continue
    // The last `back` characters are said once more: they are replaced as they come.
    tones.splice(tones.length - back, back, tone)
    speech.text = speech.text.slice(0, speech.text.length - back) + tone.character
    return
  }
  const isNext = last !== undefined && tone.place === (last.place % 7) + 1
  if (tone.place === 0) {
    if (!speech.text.endsWith(' ')) speech.text += ' '
    tones.length = 0
  } else if (!isNext) speech.isWhole = false
  tones.push(tone)
  speech.text += tone.character
}
