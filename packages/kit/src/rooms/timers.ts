import {
  checkOptions,
  ParleyError,
  type ChannelId,
  type EventDraft,
  type Json,
  type Reminder,
  type Room,
  type RoomId,
} from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import { roomNotFound } from './commit-to-log.ts'
import { transitionByTimer } from './lifecycle.ts'
import { createTimerService } from './timer-service.ts'

/** What a caller says of a reminder; `at` is an instant, `inMs` from now: one of them. */
export interface ReminderInput {
  at?: string
  inMs?: number
  /** The same key replaces. */
  key: string
  payload?: Json
  /** Gets a turn about it. @default the host's `onReminder` hooks hear of it */
  agentId?: ChannelId
}

/** A kit's timers: rooms that pause and close by themselves, and reminders. */
export interface Timers {
  /** A room's timers or status changed. */
  changed(room: Room): void
  /** @throws {ParleyError} `invalid_options`, `room_not_found` */
  schedule(roomId: RoomId, reminder: ReminderInput): Promise<void>
  close(): Promise<void>
}

/** Starts the timers of a kit. */
export function createTimers(parts: KitParts): Timers {
  const { clock, store } = parts
  const service = createTimerService({
    clock,
    store,
    transition: (roomId, due) => transitionByTimer(parts, roomId, due),
    fireReminder: (reminder) => fireReminder(parts, reminder),
    reportError: (thrown, roomId) =>
      parts.reportError(thrown, roomId === undefined ? { stage: 'timer' } : { stage: 'timer', roomId }),
  })
  for (const trigger of ['onRoomCreated', 'onRoomPaused', 'onRoomResumed', 'onRoomReopened'] as const) {
    parts.hooks.observe(trigger, ({ room }) => service.changed(room), { name: 'timers' })
  }
  service.start()
  return {
    changed: (room) => service.changed(room),
    async schedule(roomId, input) {
      const atMs = checkReminder(input, clock.now())
      if ((await store.getRoom(roomId)) === null) throw roomNotFound(roomId)
      const { key, payload = null, agentId } = input
      const reminder: Reminder = { roomId, key, at: new Date(atMs).toISOString(), payload }
      if (agentId !== undefined) reminder.agentId = agentId
      await store.reminders.put([reminder])
      service.noteDue(atMs)
    },
    close: () => service.close(),
  }
}

/**
 * Writes the reminder into the log, then removes it: its key keeps it from being written twice, so a process that ends
 * in between leaves a reminder that another one removes without firing it again.
 */
async function fireReminder(parts: KitParts, { roomId, key, at }: Reminder): Promise<void> {
  await parts.inRoom(roomId, async (locked) => {
    const reminder = await parts.store.reminders.get(roomId, key)
    if (reminder === null || reminder.at !== at) return
    const { payload, agentId } = reminder
    if (locked.room.status === 'closed' || locked.room.status === 'archived') {
      await parts.store.reminders.remove(roomId, [key])
      parts.framework.emit({
        type: 'roomRefusedEvent',
        roomId,
        data: { what: 'reminder', key, status: locked.room.status },
      })
      return
    }
    const draft: EventDraft = {
      ...parts.systemDraft(locked.room, {
        type: 'system',
        content: { type: 'system', code: 'reminder', text: key, data: { key, payload } },
      }),
      idempotencyKey: `reminder:${key}:${at}`,
    }
    const outcome = await locked.commit([draft])
    if ('conflict' in outcome) {
      throw new ParleyError({
        code: 'version_conflict',
        message: `Reminder ${key} of room ${roomId} could not be written; it is tried again.`,
        details: { roomId, key },
      })
    }
    await parts.store.reminders.remove(roomId, [key])
    const [trigger] = 'events' in outcome ? outcome.events : []
    if (trigger === undefined) return
    if (agentId === undefined)
      parts.background('reminder', async () => parts.hooks.fire('onReminder', { roomId, key, payload }, { roomId }), {
        roomId,
      })
    else {
      const text = `Reminder "${key}" is due: ${JSON.stringify(payload)}`
      parts.background(
        'reminder',
        async () => parts.turns.ask({ roomId, agentId, trigger, opening: { kind: 'notice', text } }),
        { roomId },
      )
    }
  })
}

function checkReminder(input: ReminderInput, nowMs: number): number {
  checkOptions('schedule', input, ['at', 'inMs', 'key', 'payload', 'agentId'])
  const { at, inMs, key } = input
  if (typeof key !== 'string' || key === '') throw badReminder('key', 'a name')
  if ((at === undefined) === (inMs === undefined)) throw badReminder('at', 'either at or inMs')
  const atMs = inMs === undefined ? Date.parse(at ?? '') : nowMs + inMs
  if (!Number.isFinite(atMs) || (inMs !== undefined && inMs < 0))
    throw badReminder(inMs === undefined ? 'at' : 'inMs', 'a time')
  return atMs
}

function badReminder(path: string, expected: string): ParleyError {
  return new ParleyError({
    code: 'invalid_options',
    message: `A reminder needs ${expected} as ${path}.`,
    details: { path, expected },
  })
}
