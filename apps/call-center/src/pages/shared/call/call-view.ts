import type { CallUpdate } from '@parley/client'
import { endSpoken, nothingSpoken, reduceSpoken, type SpokenWords } from './spoken-words.ts'

/** A value that is asked for by the keypad. */
export interface AskedDigits {
  prompt: string | undefined
  isSecret: boolean
  /** How many there are, if it is known. */
  digits: number | undefined
}

/** A call as a page shows it. */
export interface CallView {
  phase: 'connecting' | 'live' | 'reconnecting' | 'ended'
  /** Wall time in ms at which the phase began. */
  sinceMs: number
  /** Wall time in ms at which it was live first. */
  startedMs: number | undefined
  agentState: string
  userState: string
  agent: { id: string; name: string; voice: string | null } | undefined
  isMuted: boolean
  isHeld: boolean
  /** The page may not make sound until it is tapped. */
  isSilenced: boolean
  recording: 'off' | 'asking' | 'on' | 'paused' | 'refused' | 'done'
  asked: AskedDigits | undefined
  spoken: SpokenWords
  /** People who listen in or speak. */
  bridge: { mode: string; participants: readonly string[] } | undefined
  /** Something the person should know, in words. */
  notice: string
  ended: { reason: string; message: string | undefined } | undefined
}

/** What changes it: the call, or the person's own hand. */
export type CallChange = CallUpdate | { type: 'live' } | { type: 'muted'; isMuted: boolean } | { type: 'noticed' }

/** A call that is being set up. */
export function startCallView(nowMs: number): CallView {
  return {
    phase: 'connecting',
    sinceMs: nowMs,
    startedMs: undefined,
    agentState: 'initializing',
    userState: 'silent',
    agent: undefined,
    isMuted: false,
    isHeld: false,
    isSilenced: false,
    recording: 'off',
    asked: undefined,
    spoken: nothingSpoken,
    bridge: undefined,
    notice: '',
    ended: undefined,
  }
}

/** The next state. Pure. */
export function reduceCallView(view: CallView, change: CallChange, nowMs: number): CallView {
  switch (change.type) {
    case 'status': {
      const phase = change.status === 'closed' ? 'ended' : change.status
      if (phase === view.phase) return view
      return { ...view, phase, sinceMs: nowMs, startedMs: view.startedMs ?? (phase === 'live' ? nowMs : undefined) }
    }
    case 'live':
      return view.phase === 'live'
        ? view
        : { ...view, phase: 'live', sinceMs: nowMs, startedMs: view.startedMs ?? nowMs }
    case 'state':
      return { ...view, agentState: change.agent, userState: change.user }
    case 'agent':
      return { ...view, agent: { id: change.id, name: change.name, voice: change.voice } }
    case 'muted':
      return { ...view, isMuted: change.isMuted }
    case 'hold':
      return { ...view, isHeld: change.on }
    case 'recording':
      return { ...view, recording: change.state }
    case 'input':
      return {
        ...view,
        asked:
          change.mode === 'none'
            ? undefined
            : { prompt: change.prompt, isSecret: change.sensitive, digits: change.digits },
      }
    case 'bridge':
      return { ...view, bridge: { mode: change.mode, participants: change.participants } }
    case 'audio':
      return change.state === 'microphoneLost'
        ? { ...view, notice: 'Your microphone was unplugged. The call goes on with the next one.' }
        : { ...view, isSilenced: change.state === 'suspended' }
    case 'notice':
      return { ...view, notice: change.message }
    case 'noticed':
      return { ...view, notice: '' }
    case 'error':
      return { ...view, notice: change.error.message }
    case 'ended':
      return {
        ...view,
        phase: 'ended',
        sinceMs: nowMs,
        asked: undefined,
        ended: { reason: change.reason, message: change.error?.message },
        // Moved to another page it is spoken on there.
        spoken: change.reason === 'takenOver' ? view.spoken : endSpoken(view.spoken),
      }
    default: {
      const spoken = reduceSpoken(view.spoken, change)
      return spoken === view.spoken ? view : { ...view, spoken }
    }
  }
}
