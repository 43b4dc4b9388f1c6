import type {
  AgentOutput,
  AgentOutputPart,
  Channel,
  ChannelBinding,
  OutputSink,
  RoomContext,
  SettledOutput,
  TurnOutput,
  Visibility,
} from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import { canRead } from '../rooms/can-read-write.ts'
import { canSee } from '../rooms/can-see.ts'
import type { TurnRuntime } from './create-services.ts'

/**
 * A turn's output on its way to the binding that speaks it (a call): it gets the parts while they are made, and says
 * for each segment what was really heard. That, not what was written, is committed.
 */
export interface LiveOutput {
  push(output: TurnOutput): void
  /** Ends a segment of text; resolves when it was heard, cut off or dropped. */
  endSegment(): Promise<SettledOutput>
  /** No more parts come. */
  end(): void
  /** Ends it at once. */
  close(): Promise<void>
}

/** Opens the output at the first binding of the room that speaks; undefined where nobody does. */
export function openLiveOutput(
  parts: KitParts,
  turn: TurnRuntime,
  { bindings }: RoomContext,
  visibility: Visibility,
): LiveOutput | undefined {
  const speaking = bindings.filter((binding) => speaks(parts, binding, turn, visibility))
  const [binding] = speaking
  if (binding === undefined) return undefined
  const { roomId, agentId } = turn.request
  if (speaking.length > 1) {
    const ignored = speaking.slice(1).map(({ channelId }) => channelId)
    parts.background('receipt', async () => {
      const data = { code: 'settling_conflict', channelId: binding.channelId, ignored }
      await parts.store.receipts.put([parts.receipt(roomId, 'delivery', data, { turnId: turn.turnId })])
    })
  }
  const feed = createFeed()
  const { trigger } = turn.request
  const output: AgentOutput = {
    turnId: turn.turnId,
    agentId,
    trigger,
    visibility,
    parts: feed.parts,
    signal: turn.signal,
  }
  const context = { room: parts.handle(roomId), signal: turn.signal, clock: parts.clock, log: parts.logger }
  const sink = open(parts, parts.registry.get(binding.channelId), output, context, roomId)
  if (sink?.settled === undefined) {
    feed.end()
    return undefined
  }
  let segment = 0
  return {
    push: (part) => feed.push(part),
    endSegment() {
      const number = segment
      segment += 1
      feed.push({ type: 'segmentEnd', segment: number })
      return sink.settled?.(number) ?? Promise.resolve(nothing)
    },
    end: () => feed.end(),
    async close() {
      feed.end()
      await sink.close()
    },
  }
}

const nothing: SettledOutput = { text: '', interrupted: true }

function speaks(parts: KitParts, binding: ChannelBinding, turn: TurnRuntime, visibility: Visibility): boolean {
  if (binding.capabilities.live !== 'settling' || binding.outputMuted) return false
  if (!canRead(binding)) return false
  const { agentId } = turn.request
  const line = {
    type: 'message' as const,
    status: 'committed' as const,
    source: { kind: 'agent' as const, channelId: agentId, channelType: 'agent' as const, medium: 'text' as const },
    content: { type: 'text' as const, text: '' },
    visibility,
  }
  return canSee(line, binding) && parts.registry.get(binding.channelId)?.openOutput !== undefined
}

function open(
  parts: KitParts,
  channel: Channel | undefined,
  output: AgentOutput,
  context: Parameters<NonNullable<Channel['openOutput']>>[1],
  roomId: string,
): OutputSink | undefined {
  try {
    return channel?.openOutput?.(output, context)
  } catch (error) {
    // The reply is then text like any other.
    parts.reportError(error, { stage: 'output', roomId })
    return undefined
  }
}

/** A queue of parts with one reader; it holds at most what one turn makes. */
function createFeed(): { push(part: AgentOutputPart): void; end(): void; parts: AsyncIterable<AgentOutputPart> } {
  const waiting: AgentOutputPart[] = []
  let wake = (): void => {}
  let isEnded = false
  async function* read(): AsyncGenerator<AgentOutputPart> {
    for (;;) {
      for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) yield part
      if (isEnded) return
      await new Promise<void>((resolve) => (wake = resolve))
    }
  }
  return {
    push(part) {
      if (isEnded) return
      waiting.push(part)
      wake()
    },
    end() {
      isEnded = true
      wake()
    },
    parts: { [Symbol.asyncIterator]: () => read() },
  }
}
