import type { RoomId } from '@parley/spec'

/** Delegations of one room that run at once. */
export const RUNNING_PER_ROOM = 8
/** Delegations of one room that may wait for a place. */
export const WAITING_PER_ROOM = 32

/** Which delegations of a room run and which wait, in order of asking. */
export interface DelegationSlots {
  readonly running: readonly string[]
  readonly waiting: readonly string[]
}

export type SlotInput = { type: 'take' | 'free'; id: string }

/** What a step gives: who starts now, and whether who asked was turned away. */
export interface SlotStep {
  state: DelegationSlots
  starts: readonly string[]
  isBusy: boolean
}

export const emptySlots: DelegationSlots = { running: [], waiting: [] }

/** Gives places in order of asking; pure. */
export function slotStep(state: DelegationSlots, { type, id }: SlotInput): SlotStep {
  if (type === 'take') {
    if (state.running.length < RUNNING_PER_ROOM) {
      return { state: { ...state, running: [...state.running, id] }, starts: [id], isBusy: false }
    }
    if (state.waiting.length >= WAITING_PER_ROOM) return { state, starts: [], isBusy: true }
    return { state: { ...state, waiting: [...state.waiting, id] }, starts: [], isBusy: false }
  }
  const running = state.running.filter((other) => other !== id)
  const waiting = state.waiting.filter((other) => other !== id)
  const starts = waiting.splice(0, RUNNING_PER_ROOM - running.length)
  return { state: { running: [...running, ...starts], waiting }, starts, isBusy: false }
}

/** The places of all rooms; nothing is kept of a room without delegations. */
export interface SlotTable {
  /** Undefined: no place, not even to wait. Else who starts now. */
  take(roomId: RoomId, id: string): readonly string[] | undefined
  free(roomId: RoomId, id: string): readonly string[]
}

/** Makes an empty table. */
export function createSlotTable(): SlotTable {
  const rooms = new Map<RoomId, DelegationSlots>()
  const step = (roomId: RoomId, input: SlotInput): SlotStep => {
    const stepped = slotStep(rooms.get(roomId) ?? emptySlots, input)
    if (stepped.state.running.length + stepped.state.waiting.length === 0) rooms.delete(roomId)
    else rooms.set(roomId, stepped.state)
    return stepped
  }
  return {
    take(roomId, id) {
      const { starts, isBusy } = step(roomId, { type: 'take', id })
      return isBusy ? undefined : starts
    },
    free: (roomId, id) => step(roomId, { type: 'free', id }).starts,
  }
}
