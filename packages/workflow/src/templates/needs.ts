import type { Json } from '@parley/spec'

/** Capabilities that a model must have. */
export function needs(...kinds: string[]): Json {
  return kinds.map((kind) => ({ kind, required: true }))
}
