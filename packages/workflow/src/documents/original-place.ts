import { parseTemplate } from '@parley/spec'
import { qualifyTemplate } from './qualify-template.ts'

/** A place within a text, both from 1. */
export interface TextPlace {
  readonly line: number
  readonly column: number
}

/** Gives the places in a text that people wrote for those in its form that is written out. */
export function createOriginalPlaces(): (original: string, inside: TextPlace) => TextPlace {
  // Problems of one text come one after the other, and a long text may have very many.
  let last: { original: string; places: ReadonlyMap<string, TextPlace> } | undefined
  return (original, inside) => {
    if (last?.original !== original) last = { original, places: readPlaces(original) }
    return last.places.get(keyOf(inside)) ?? inside
  }
}

function readPlaces(original: string): ReadonlyMap<string, TextPlace> {
  const qualified = qualifyTemplate(original)
  if (qualified === original) return new Map()
  const written = referencesOf(original)
  return new Map(
    referencesOf(qualified).flatMap((place, index) => {
      const found = written[index]
      return found === undefined ? [] : [[keyOf(place), found] as const]
    }),
  )
}

function referencesOf(text: string): TextPlace[] {
  const parsed = parseTemplate(text, { style: 'mustache' })
  return parsed.ok ? parsed.template.references.map(({ line, column }) => ({ line, column })) : []
}

function keyOf({ line, column }: TextPlace): string {
  return `${line}:${column}`
}
