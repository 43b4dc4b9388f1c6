import { ParleyError, withBudget, type Budget, type ChatModel, type IdSource, type RoomId } from '@parley/spec'

/** What a capped model works with. */
export interface CapOptions {
  /** What a conversation may still spend. */
  budgetOf: (roomId: RoomId) => Promise<Budget>
  /** Told each time a call did not fit any more. */
  onReached: (roomId: RoomId) => void
  ids: IdSource
}

/**
 * A model whose calls are held in the budget of the conversation they are for, before they are sent. What does not fit is
 * answered by the other model, which costs nothing.
 */
export function cappedModel(model: ChatModel, free: ChatModel, { budgetOf, onReached, ids }: CapOptions): ChatModel {
  return {
    id: model.id,
    card: model.card,
    async *stream(request, options) {
      const roomId = options.metadata?.['roomId']
      if (roomId === undefined) {
        // Every turn of a room names it; a call without one could not be capped.
        throw new ParleyError({ code: 'internal_error', message: 'A call of a capped model names no room.' })
      }
      const budget = await budgetOf(roomId)
      try {
        yield* withBudget(model, budget, { ids }).stream(request, options)
        return
      } catch (error) {
        // Thrown before anything was sent, so nothing of an answer was given out.
        if (!ParleyError.isInstance(error) || error.code !== 'budget_exceeded') throw error
      }
      onReached(roomId)
      yield* free.stream(request, options)
    },
  }
}
