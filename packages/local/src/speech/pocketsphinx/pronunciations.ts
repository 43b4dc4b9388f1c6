import { readFile } from 'node:fs/promises'

/** How words are spoken, by word in lower case; each has a line per variant, as in the file. */
export type Pronunciations = ReadonlyMap<string, string>

/** Reads a dictionary of the CMU form: `word PHONES` or `word(2) PHONES` in each line. */
export async function readPronunciations(path: string): Promise<Pronunciations> {
  const words = new Map<string, string>()
  for (const line of (await readFile(path, 'utf8')).split('\n')) {
    const match = /^([^\s(]+)(?:\(\d+\))? /u.exec(line)
    const word = match?.[1]
    if (word === undefined) continue
    const known = words.get(word)
    words.set(word, known === undefined ? line : `${known}\n${line}`)
  }
  return words
}
