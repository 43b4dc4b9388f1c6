import type { Budget, Price } from './budget-port.ts'
import type { Json } from './json.ts'

/** Turns texts into vectors. */
export interface Embedder {
  readonly id: string
  readonly dimensions: number
  readonly maxBatch: number
  readonly maxInputTokens: number
  readonly normalized: boolean
  readonly price?: Price
  embed(
    texts: string[],
    options: { signal: AbortSignal; purpose?: 'document' | 'query' },
  ): Promise<{ vectors: Float32Array[]; usage: { inputTokens: number } }>
}

/** A found piece of text; data, never instructions. */
export interface Passage {
  id: string
  collection: string
  sourceId: string
  text: string
  similarity: number
  metadata: Record<string, Json>
}

export interface RetrievalQuery {
  texts: string[]
  collection?: string
  sourceIds?: string[]
  /** @default 5 */
  topK?: number
  match?: Json
  minSimilarity?: number
  keepBest?: boolean
  organizationId?: string
}

/** Finds passages: one list per text, in order, best first. */
export interface Retriever {
  readonly id: string
  retrieve(query: RetrievalQuery, options: { signal: AbortSignal; budget?: Budget }): Promise<Passage[][]>
}
