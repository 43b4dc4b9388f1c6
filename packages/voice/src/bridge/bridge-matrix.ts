import type { BridgeCoachMode, BridgeRole } from './bridge-leg.ts'

/** How one leg is heard by another. */
export interface Hearing {
  /** @default 0 */
  gainDb: number
  /** @default true */
  audible: boolean
}

/** Who hears whom, with what lies over it for a while: holds and coaching. Taking those away gives the matrix before them. */
export interface BridgeMatrix {
  add(legId: string, role: BridgeRole): void
  remove(legId: string): void
  set(from: string, to: string, hearing: Partial<Hearing>): void
  hold(legId: string, isHeld: boolean): void
  coach(legId: string, mode: BridgeCoachMode): void
  modeOf(legId: string): BridgeCoachMode
  isHeld(legId: string): boolean
  /** What holds now, all considered. */
  hearing(from: string, to: string): Hearing
  /** Whether what the leg says may drive an agent or the turns of others. */
  mayDrive(legId: string): boolean
}

const silent: Hearing = Object.freeze({ gainDb: 0, audible: false })
const plain: Hearing = Object.freeze({ gainDb: 0, audible: true })

/** Makes a matrix in which all but supervisors hear each other. */
export function createBridgeMatrix(): BridgeMatrix {
  const roles = new Map<string, BridgeRole>()
  const base = new Map<string, Map<string, Hearing>>()
  const held = new Set<string>()
  const modes = new Map<string, BridgeCoachMode>()

  const modeOf = (legId: string): BridgeCoachMode => modes.get(legId) ?? 'off'
  const baseOf = (from: string, to: string): Hearing => base.get(from)?.get(to) ?? plain

  const spokenBySupervisor = (from: string, to: string): Hearing => {
    const mode = modeOf(from)
    if (mode === 'barge') return baseOf(from, to)
    return mode === 'whisperHuman' && roles.get(to) === 'human' ? baseOf(from, to) : silent
  }

  return {
    add: (legId, role) => void roles.set(legId, role),
    remove(legId) {
      roles.delete(legId)
      base.delete(legId)
      for (const heard of base.values()) heard.delete(legId)
      held.delete(legId)
      modes.delete(legId)
    },
    set(from, to, hearing) {
      const heard = base.get(from) ?? new Map<string, Hearing>()
      base.set(from, heard.set(to, { ...baseOf(from, to), ...hearing }))
    },
    hold: (legId, isHeld) => void (isHeld ? held.add(legId) : held.delete(legId)),
    coach: (legId, mode) => void (mode === 'off' ? modes.delete(legId) : modes.set(legId, mode)),
    modeOf,
    isHeld: (legId) => held.has(legId),
    hearing(from, to) {
      if (from === to || held.has(from) || held.has(to)) return silent
      // Without a mode a supervisor neither hears nor is heard: being on the line is no permission.
      if (roles.get(to) === 'supervisor' && modeOf(to) === 'off') return silent
      return roles.get(from) === 'supervisor' ? spokenBySupervisor(from, to) : baseOf(from, to)
    },
    mayDrive(legId) {
      if (held.has(legId)) return false
      const role = roles.get(legId)
      return role === 'caller' || role === 'human' || (role === 'supervisor' && modeOf(legId) === 'barge')
    },
  }
}
