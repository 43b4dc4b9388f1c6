import type { AgentOutput, Json, OutputSink, SettledOutput, TurnId } from '@parley/spec'
import type { TurnEvent } from '../turn/turn-events.ts'
import type { Speaking } from './speaking.ts'

/** What speaking a reply needs of the call. */
export interface ReplyOutputParts {
  callId: string
  speaking: Speaking
  newUtteranceId(): string
  feed(event: TurnEvent): void
  interruptTurn(turnId: string): void
  /** A tool of it runs from now on; `null`: it has ended. */
  onTool(name: string | null, utteranceId: string): void
  /** The utterance that was begun before the turn, and what is written of it. */
  takeUtterance(turnId: string): { utteranceId: string; text: string } | undefined
  /** Whether anything can be heard; otherwise what was written is what was read. */
  isAudible: boolean
  reportError(error: unknown): void
}

/** A reply that is being spoken; `over` resolves when the kit has committed what was heard of it. */
export interface SpokenReply {
  readonly utteranceId: string
  readonly turnId: TurnId
  readonly sink: OutputSink
  readonly over: Promise<void>
}

const failures: ReadonlySet<string> = new Set(['failed', 'timeout', 'budgetExceeded'])

/** Speaks one turn of an agent while it is made, and settles each of its segments. */
export function speakReply(parts: ReplyOutputParts, output: AgentOutput): SpokenReply {
  const { speaking, feed } = parts
  const begun = parts.takeUtterance(output.turnId)
  const utteranceId = begun?.utteranceId ?? parts.newUtteranceId()
  const over = Promise.withResolvers<void>()
  const segments: PromiseWithResolvers<SettledOutput>[] = []
  const segmentOf = (number: number): PromiseWithResolvers<SettledOutput> =>
    (segments[number] ??= Promise.withResolvers<SettledOutput>())
  const turnId = answeredTurn(output)
  const cancelGeneration = (): void => parts.interruptTurn(output.turnId)
  const { utterance } =
    (begun === undefined ? undefined : speaking.adopt(utteranceId, cancelGeneration)) ??
    speaking.begin(
      {
        utteranceId,
        kind: 'reply',
        agentId: output.agentId,
        ...(turnId === undefined ? {} : { turnId }),
      },
      { cancelGeneration },
    )
  // The beginning of its text was written before the turn.
  let written = begun?.text.length ?? 0
  const onAbort = (): void => feed({ type: 'command', command: { kind: 'cancelUtterance', utteranceId } })
  output.signal.addEventListener('abort', onAbort, { once: true })

  const texts: string[] = []
  let text = ''
  const settle = async (number: number): Promise<void> => {
    texts[number] = text
    text = ''
    await utterance.endPart()
    const { isCut } = utterance
    const heard = parts.isAudible ? utterance.heardText(number) : isCut ? '' : (texts[number] ?? '')
    segmentOf(number).resolve({
      text: heard,
      interrupted: isCut && heard.trim() !== (texts[number] ?? '').trim(),
      voice: { callId: parts.callId, utteranceId },
    })
  }

  let hasFailed = false
  const read = async (): Promise<void> => {
    for await (const part of output.parts) {
      switch (part.type) {
        case 'textDelta':
          text += part.text
          utterance.write(part.text.slice(written))
          written = Math.max(0, written - part.text.length)
          break
        case 'segmentEnd':
          void settle(part.segment)
          break
        case 'toolCallStarted':
        case 'toolCallEnded': {
          const { callId } = part.call
          feed({ type: part.type, utteranceId, callId })
          parts.onTool(part.type === 'toolCallStarted' ? part.call.name : null, utteranceId)
          break
        }
        case 'end':
          hasFailed = failures.has(part.reason)
          break
        default:
          break
      }
    }
  }
  void read()
    .catch((error: unknown) => parts.reportError(error))
    .finally(() => {
      output.signal.removeEventListener('abort', onAbort)
      // Nobody is left without an answer: where nothing was said, the call says that it failed.
      if (hasFailed && utterance.generatedText.trim() === '') feed({ type: 'replyFailed', utteranceId })
      speaking.end(utteranceId)
    })

  return {
    utteranceId,
    turnId: output.turnId,
    over: over.promise,
    sink: {
      settled: (number) => segmentOf(number).promise,
      close: async () => over.resolve(),
    },
  }
}

/** The turn of the machine that the reply answers. */
function answeredTurn({ trigger }: AgentOutput): string | undefined {
  const voice = trigger.metadata['voice'] as Json | undefined
  if (typeof voice !== 'object' || voice === null || Array.isArray(voice)) return undefined
  return typeof voice['turnId'] === 'string' ? voice['turnId'] : undefined
}
