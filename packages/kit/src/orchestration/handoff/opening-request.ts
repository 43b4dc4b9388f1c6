import type { TurnRequest } from '../../core/turns.ts'

export type { HeldTrigger, TurnHold } from '../../core/turns.ts'

/** What every turn that opens after a handoff has. */
export type TurnOpeningRequest = Pick<TurnRequest, 'roomId' | 'agentId' | 'visibility'>
