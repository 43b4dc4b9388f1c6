import type { AgentLine, Conversation } from '../shared/conversation.ts'
import type { Names } from '../shared/names.ts'
import { runningLabel } from '../shared/tool-labels.ts'

/** What the one in charge is doing, in words. */
export function lineText(line: AgentLine, colleague: string | undefined): string {
  switch (line.state) {
    case 'listening':
      return 'listening'
    case 'thinking':
      return 'thinking'
    case 'speaking':
      return 'speaking'
    case 'answering':
      return 'answering'
    case 'checking':
      return runningLabel(line.tool)
    case 'waiting-for-you':
      return 'waiting for you'
    case 'waiting-for-colleague':
      return 'waiting for a colleague to join'
    case 'helping':
      return `${colleague ?? 'A colleague'} is now helping you`
    case 'paused':
      return 'paused'
  }
}

/** The changes that readers of the screen are told politely. What changes with each message is left out. */
export function statusText(
  call: string,
  conversation: Conversation | undefined,
  names: Names,
  line: string | undefined,
): string {
  if (call === 'ended') return 'The conversation has ended.'
  if (call === 'asking-mic') return 'Waiting for your microphone.'
  if (call === 'reconnecting') return 'Connection lost. Reconnecting.'
  if (call === 'connecting' || conversation === undefined) return 'Connecting.'
  if (conversation.mode !== 'agent') return line ?? ''
  return `Connected with ${names.agent(conversation.agentId)}.`
}
