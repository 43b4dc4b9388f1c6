import { orchestrationOf } from '@parley/kit'
import type { HandoffPlan } from '@parley/spec'
import { splitSentences } from '../text/sentence-boundary.ts'
import { atMost } from './at-most.ts'
import type { CallHost } from './assemble-call.ts'
import type { CallCore } from './call-core.ts'

/** How long an outgoing agent may take to make and say its last sentence, in milliseconds (G-3). */
export const FAREWELL_MS = 4_000

/** With less time than this nothing is begun. */
const LEAST_MS = 500

/** An agent that can be asked beside the conversation. */
interface Promptable {
  prompt(task: string, options: { maxSteps: number; signal: AbortSignal; language?: string }): Promise<string | null>
}

/** The outgoing agent says one sentence before a handoff, where its conversation has a prompt for that. */
export async function sayFarewell(
  core: CallCore,
  host: CallHost,
  { from, request }: HandoffPlan,
  { maxMs, signal }: { maxMs: number; signal: AbortSignal },
): Promise<void> {
  const { access, kit, roomId } = core.parts
  const reading = from === null || request.urgent || maxMs < LEAST_MS ? null : await access.room(roomId)
  if (from === null || reading === null) return
  const prompt = orchestrationOf(kit).handler(reading.room).farewellPrompt
  const agent = core.agents.get(from)
  if (prompt === undefined || prompt === '' || agent === undefined || !canPrompt(agent)) return
  const late = new AbortController()
  const say = async (): Promise<void> => {
    const task = `${prompt}\nAnswer with one short sentence that is said to the person. Reason: ${request.reason}.`
    const { language } = core
    // One call of the model, without tools.
    const text = await agent.prompt(task, {
      maxSteps: 1,
      signal: AbortSignal.any([signal, late.signal]),
      ...(language === undefined ? {} : { language }),
    })
    const [sentence] = splitSentences(text ?? '', core.language)
    if (sentence === undefined || late.signal.aborted || core.isEnding) return
    const spoken = host.say(sentence.trim(), { agentId: from, kind: 'farewell', priority: 10 })
    late.signal.addEventListener('abort', () => spoken.interrupt(), { once: true })
    await spoken
  }
  const said = say().catch((error: unknown) => {
    // A goodbye that cannot be made does not hold up the switch.
    if (!late.signal.aborted && !signal.aborted) access.reportError(error, 'farewell', roomId)
  })
  await atMost(access.clock, Math.min(FAREWELL_MS, maxMs), said)
  late.abort()
}

function canPrompt(agent: object): agent is Promptable {
  return 'prompt' in agent && typeof agent.prompt === 'function'
}
