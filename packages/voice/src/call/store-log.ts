import { CALL_LOG_KIND } from '../replay/read-call-log.ts'
import { writeCallLog } from '../replay/stored-log.ts'
import { withoutWords } from '../replay/without-words.ts'
import type { CallLog } from '../replay/call-log.ts'
import { hookScope, noteReceipt, type CallCore } from './call-core.ts'

/** Characters of one stored part: a store reads and writes it at once. */
const PART_CHARACTERS = 65_536

/** Stores what the call's machine was told and decided with the room, so that it can be replayed later. */
export function storeLog(core: CallCore): void {
  const { settings, keepsLog, id } = core.parts
  if (!keepsLog) return
  const { caller, agent } = core.frames
  const frames = [...caller.summaries, ...agent.summaries]
  const log = { ...core.driver.log.toLog(settings), frames }
  const texts = inParts(writeCallLog(holdsWords(core) ? silent(log) : log))
  for (const [part, text] of texts.entries()) {
    noteReceipt(core, CALL_LOG_KIND.slice('voice.'.length), { callId: id, part, parts: texts.length, text })
  }
}

/** Cuts a text, never within a character: no store takes half of one. */
function inParts(text: string): string[] {
  const parts: string[] = []
  for (let from = 0; from < text.length;) {
    const end = from + PART_CHARACTERS
    const isWithin = (text.codePointAt(end - 1) ?? 0) > 0xff_ff
    const to = isWithin ? end - 1 : end
    parts.push(text.slice(from, to))
    from = to
  }
  return parts
}

/** Whether a hook may take out of the room what is said: then it is not kept beside the room either. */
function holdsWords(core: CallCore): boolean {
  const { access, roomId } = core.parts
  return access.holdsLive(hookScope(core), 'onTranscription') || access.holdsLive({ roomId }, 'beforeBroadcast')
}

function silent({ steps, from, ...rest }: CallLog): CallLog {
  return {
    ...rest,
    steps: steps.map(({ atMs, event, effects }) => ({ atMs, ...withoutWords({ event, effects }) })),
    // The state is plain JSON.
    ...(from === undefined ? {} : { from: withoutWords(JSON.parse(JSON.stringify(from))) }),
  }
}
