import type { VoiceSettings } from '../options/voice-settings.ts'

/** What the machine needs to know: resolved settings of a call hold all of it. */
export type TurnSettings = Pick<
  VoiceSettings,
  | 'source'
  | 'turns'
  | 'stages'
  | 'endpointing'
  | 'userTurn'
  | 'interruption'
  | 'backchannel'
  | 'agentBackchannel'
  | 'preemptive'
  | 'idle'
  | 'reply'
  | 'stall'
  | 'filler'
  | 'minConsecutiveSpeechMs'
  | 'minSpeechGapMs'
>
