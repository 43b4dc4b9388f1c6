import type { Json } from '@parley/spec'

/** The signatures of one answer: of its words, and of its calls by position. */
export interface AnswerSignatures {
  text?: string
  calls: (string | undefined)[]
}

/** Packs signatures as the opaque value that callers put on the assistant message; nothing where there are none. */
export function packSignatures({ text, calls }: AnswerSignatures): Json | undefined {
  if (text === undefined && calls.every((signature) => signature === undefined)) return undefined
  return {
    vendor: 'google',
    ...(text === undefined ? {} : { text }),
    calls: calls.map((signature) => signature ?? null),
  }
}

/** Unpacks what `packSignatures` made; anything else, such as another vendor's value, gives none. */
export function unpackSignatures(value: Json | undefined): AnswerSignatures {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value['vendor'] !== 'google')
    return { calls: [] }
  const { text, calls } = value
  return {
    ...(typeof text === 'string' ? { text } : {}),
    calls: Array.isArray(calls) ? calls.map((entry) => (typeof entry === 'string' ? entry : undefined)) : [],
  }
}
