import type { RoomContext, Visibility } from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import { canSee } from '../rooms/can-see.ts'
import type { TurnRuntime } from './create-services.ts'
import { replyScope } from './reply-hooks.ts'

/** What watchers see while a reply is written: the text, only that something is written, or nothing. */
export type ReplyLiveness = 'text' | 'typing' | 'none'

/** Whether somebody may watch the text grow; what a hook may still change is shown to nobody before. */
export function replyLiveness(
  parts: KitParts,
  turn: TurnRuntime,
  { bindings }: RoomContext,
  visibility: Visibility,
): ReplyLiveness {
  const { agentId } = turn.request
  const own = bindings.find(({ channelId }) => channelId === agentId)
  if (own?.muted === true) return 'none'
  const line = {
    type: 'message' as const,
    status: 'committed' as const,
    source: { kind: 'agent' as const, channelId: agentId, channelType: 'agent' as const, medium: 'text' as const },
    content: { type: 'text' as const, text: '' },
    visibility: visibility === 'all' ? (own?.visibility ?? 'all') : visibility,
  }
  const hasWatcher = bindings.some(
    (binding) => binding.capabilities.live === 'deltas' && !binding.outputMuted && canSee(line, binding),
  )
  if (!hasWatcher) return 'none'
  return parts.hooks.holdsLive(replyScope(turn)) ? 'typing' : 'text'
}
