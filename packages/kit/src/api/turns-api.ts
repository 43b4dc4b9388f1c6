import type { ChannelId, RoomEvent, RoomId, TurnContext, TurnId } from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import type { Steering } from '../core/turn-services.ts'
import type { RunningTurn } from '../core/turns.ts'
import { waitUntilSettled } from '../core/wait-until-settled.ts'
import { regenerate } from '../inbound/regenerate.ts'

/** Turns of agents in a kit's rooms. */
export interface TurnsApi {
  /** Resolves when nothing of the room is under way, or after `timeoutMs` (60 000). `turn` is not waited for. */
  settled(roomId: RoomId, options?: { timeoutMs?: number; turn?: TurnContext }): Promise<{ timedOut: boolean }>
  /** Answers the last message of a person anew, by the present routing; the old reply stays in the log. */
  regenerate(roomId: RoomId, options?: { agentId?: ChannelId }): Promise<{ event: RoomEvent; agentIds: ChannelId[] }>
  /** Speaks to a running turn. @throws {ParleyError} `turn_not_found` */
  steer(turnId: TurnId, steering: Steering): void
  /** Turns at work in a room: their ids are what `steer` takes. */
  runningTurns(roomId: RoomId): RunningTurn[]
}

/** What a kit does with turns. */
export function createTurnsApi(parts: KitParts): TurnsApi {
  return {
    settled: async (roomId, { timeoutMs = 60_000, turn } = {}) =>
      waitUntilSettled(parts, roomId, timeoutMs, turn?.turnId),
    regenerate: async (roomId, options = {}) => regenerate(parts, roomId, options),
    steer: (turnId, steering) => parts.turns.steer(turnId, steering),
    runningTurns: (roomId) => parts.turns.running(roomId),
  }
}
