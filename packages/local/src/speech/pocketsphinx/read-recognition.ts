import type { Transcript, Word } from '@parley/spec'

/** A line with a word, its start and end in seconds, and its probability. */
const WORD_LINE = /^(\S+) (\d+\.\d+) (\d+\.\d+) (\d+\.\d+)$/u

/**
 * Reads what the recognizer prints with `-time yes`: a line of text per utterance, then a line per word. Marks of
 * sentence, silence and noise and the numbers of spoken variants are taken out, the lines are joined.
 */
export function readRecognition(output: string): Transcript {
  const words: Word[] = []
  const texts: string[] = []
  for (const line of output.split('\n')) {
    const [, mark = '', start, end, probability] = WORD_LINE.exec(line.trim()) ?? []
    const text = cleanText(mark === '' ? line : mark)
    if (text === '') continue
    if (mark === '') texts.push(text)
    else {
      const confidence = Math.min(1, Number(probability))
      words.push({ text, startMs: toMs(start), endMs: toMs(end), confidence, source: 'native' })
    }
  }
  const text = texts.join(' ')
  if (words.length === 0) return { text }
  const confidence = words.reduce((sum, word) => sum + (word.confidence ?? 0), 0) / words.length
  return { text, words, confidence: Math.round(confidence * 1_000) / 1_000 }
}

function cleanText(text: string): string {
  return text
    .replaceAll(/<[^>]*>|\[[^\]]*\]|\+\+[^+]*\+\+|\(\d+\)/gu, ' ')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}' ]/gu, ' ')
    .replaceAll(/ +/gu, ' ')
    .trim()
}

function toMs(seconds: string | undefined): number {
  return Math.round(Number(seconds) * 1_000)
}
