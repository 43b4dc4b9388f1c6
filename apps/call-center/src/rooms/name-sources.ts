import { allow, modify, type SyncHook } from '@parley/kit'
import type { Json, TurnId } from '@parley/spec'
import { z } from 'zod'

const resultSchema = z.object({ passages: z.array(z.object({ sourceId: z.string(), title: z.string() })) })
const keptTurns = 1_000

/** Two hooks that put the articles an answer rests on into its metadata. */
export interface SourceHooks {
  onToolCall: SyncHook<'onToolCall'>
  beforeBroadcast: SyncHook<'beforeBroadcast'>
}

/** Remembers what `search_help` found in a turn, and names what the turn's answer speaks of as its `sources`. */
export function createSourceHooks(): SourceHooks {
  const found = new Map<TurnId, { sourceId: string; title: string }[]>()
  return {
    onToolCall({ call, result, context }) {
      const parsed = call.name === 'search_help' ? resultSchema.safeParse(result.value) : undefined
      if (parsed?.success === true) {
        found.set(context.turnId, parsed.data.passages)
        const [oldest] = found.keys()
        if (found.size > keptTurns && oldest !== undefined) found.delete(oldest)
      }
      return allow()
    },
    beforeBroadcast({ event }) {
      const { content, source, turnId } = event
      if (source.kind !== 'agent' || content.type !== 'text' || turnId === undefined) return allow()
      const words = content.text.toLowerCase()
      // The best passage of each article that the answer names.
      const named = new Map<string, string>()
      for (const { sourceId, title } of found.get(turnId) ?? []) {
        if (words.includes(title.toLowerCase()) && !named.has(title)) named.set(title, sourceId)
      }
      if (named.size === 0) return allow()
      const sources: Json = [...named].map(([title, sourceId]) => ({ sourceId, title }))
      return modify({ ...event, metadata: { ...event.metadata, sources } })
    },
  }
}
