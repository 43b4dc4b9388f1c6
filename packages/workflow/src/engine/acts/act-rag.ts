import { ParleyError, type Json, type Passage } from '@parley/spec'
import type { Attempt } from '../attempt.ts'
import { render } from './act-llm.ts'

/** Finds passages for the query of the step. Their text is data, never instructions. */
export async function actRag(attempt: Attempt): Promise<Json> {
  const { prepared, scope } = attempt
  const { step, query, collection } = prepared
  const { rag } = step
  const retriever = scope.parts.retrievers.get(rag?.service ?? 'default')
  if (rag === undefined || query === undefined || retriever === undefined) {
    throw new ParleyError({
      code: 'unknown_reference',
      message: `Step "${step.id}" asks the retriever "${rag?.service ?? 'default'}", which the engine does not have. Give it to createEngine under retrievers.`,
      details: { step: step.id, known: [...scope.parts.retrievers.keys()] },
    })
  }
  const [passages = []] = await retriever.retrieve(
    {
      texts: [render(attempt, query)],
      topK: rag.topK,
      organizationId: scope.run.tenantId,
      ...(collection === undefined ? {} : { collection: render(attempt, collection) }),
      ...(rag.sourceIds === undefined ? {} : { sourceIds: rag.sourceIds }),
      ...(rag.match === undefined ? {} : { match: rag.match }),
      ...(rag.minSimilarity === undefined ? {} : { minSimilarity: rag.minSimilarity }),
      ...(rag.keepBest === undefined ? {} : { keepBest: rag.keepBest }),
    },
    { signal: attempt.signal, budget: attempt.budget },
  )
  return rag.store === 'content' ? passages.map(({ text }) => text).join('\n\n') : passages.map(toJson)
}

function toJson({ id, collection, sourceId, text, similarity, metadata }: Passage): Json {
  return { id, collection, source_id: sourceId, text, similarity, metadata }
}
