import type { CallView } from '@parley/spec'
import type { UnnumberedMessage } from './message-log.ts'

/** A view as the message that shows it, with numbers as the wire takes them; undefined for what the wire says otherwise. */
export function toViewMessage(view: CallView): UnnumberedMessage | undefined {
  // Segments are told by the output itself, in order with their sound.
  return view.type === 'segment' ? undefined : view
}

/** Whether a person's end can do without a message when it is slow (`voice.md` W-3). */
export function isDroppable(message: UnnumberedMessage): boolean {
  return message.type === 'metrics' || message.type === 'levels' || (message.type === 'caption' && !message.final)
}

/** Types that describe how things are: who comes late is told the last of each. */
export const standingViews: readonly UnnumberedMessage['type'][] = [
  'state',
  'agent',
  'language',
  'hold',
  'bridge',
  'recording',
  'input',
]
