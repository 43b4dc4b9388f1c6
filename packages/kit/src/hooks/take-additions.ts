import type { Observation, RoomId, RoomTask } from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import { sendFromSystem } from '../inbound/prepare-send.ts'
import type { HookAdditions } from './hook-call.ts'

/**
 * Applies what a watching hook added to its room: events go through the pipeline as the host's own and ask nobody,
 * to-dos and observations are kept beside the log.
 */
export function takeAdditions(parts: KitParts, roomId: RoomId, { injected, tasks, observations }: HookAdditions): void {
  parts.background(
    'hook',
    async () => {
      const at = parts.now()
      for (const { input, to } of injected) {
        const visibility = to.length === 0 ? ('internal' as const) : { only: [...to] }
        await sendFromSystem(parts, roomId, { ...input, visibility, addressedTo: [] })
      }
      const newTasks = tasks.map((task): RoomTask => ({
        metadata: {},
        ...task,
        id: parts.ids.next('task'),
        roomId,
        status: 'pending',
        createdAt: at,
        updatedAt: at,
      }))
      if (newTasks.length > 0) await parts.store.tasks.put(newTasks)
      const newObservations = observations.map((observation): Observation => ({
        metadata: {},
        confidence: 1,
        ...observation,
        id: parts.ids.next('obs'),
        roomId,
        channelId: 'system',
        createdAt: at,
      }))
      if (newObservations.length > 0) await parts.store.observations.put(newObservations)
      for (const task of newTasks) parts.hooks.fire('onTaskCreated', { task }, { roomId })
      for (const observation of newObservations) parts.hooks.fire('onObservation', { observation }, { roomId })
    },
    { roomId },
  )
}
