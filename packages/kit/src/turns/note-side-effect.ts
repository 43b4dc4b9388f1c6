import type { TurnOutput } from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import type { TurnRuntime } from './create-services.ts'

/** Stores a task or an observation that an agent gave beside its reply, and tells hooks of it. */
export async function noteSideEffect(
  parts: KitParts,
  { roomId, agentId, trigger }: TurnRuntime['request'],
  output: Extract<TurnOutput, { type: 'task' | 'observation' }>,
): Promise<void> {
  const at = parts.now()
  if (output.type === 'task') {
    const task = {
      id: parts.ids.next('task'),
      roomId,
      eventId: trigger.id,
      status: 'pending' as const,
      createdAt: at,
      updatedAt: at,
      metadata: {},
      ...output.task,
    }
    await parts.store.tasks.put([task])
    parts.hooks.fire('onTaskCreated', { task }, { roomId })
    return
  }
  const observation = {
    id: parts.ids.next('obs'),
    roomId,
    channelId: agentId,
    confidence: 1,
    createdAt: at,
    metadata: {},
    ...output.observation,
  }
  await parts.store.observations.put([observation])
  parts.hooks.fire('onObservation', { observation }, { roomId })
}
