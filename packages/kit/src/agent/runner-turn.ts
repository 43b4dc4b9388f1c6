import {
  createEventQueue,
  toParleyError,
  type AgentRunner,
  type Json,
  type RunnerEvent,
  type RunnerResult,
  type TurnContext,
  type TurnOutput,
} from '@parley/spec'
import type { TurnServices } from '../core/turn-services.ts'
import { contentText } from './content-text.ts'

/** One turn that is a run of a runner: its text is the reply, its output goes to the conversation's payload. */
export async function* takeRunnerTurn({
  runner,
  context,
  services,
  onFailure,
}: {
  runner: AgentRunner
  context: TurnContext
  services: TurnServices
  onFailure: string | undefined
}): AsyncGenerator<TurnOutput, void, void> {
  const queue = createEventQueue<RunnerEvent>()
  const done = runOnce(runner, context, services, (event) => queue.push(event)).finally(() => queue.end())
  let hasSpoken = false
  for await (const event of queue.events) {
    if (event.type !== 'textDelta' || event.text === '') continue
    hasSpoken = true
    yield { type: 'textDelta', text: event.text }
  }
  const result = await done
  const data = { runner: runner.id, usage: { ...result.usage }, costNanoUsd: result.costNanoUsd, ...ids(result) }
  if (context.signal.aborted) {
    yield { type: 'end', reason: 'aborted', data }
    return
  }
  if (result.status !== 'completed') {
    services.reportError(result.error, 'stream')
    if (!hasSpoken && onFailure !== undefined) {
      yield { type: 'notice', content: { type: 'system', code: 'agent_failed', text: onFailure } }
    }
    const reason = result.status === 'cancelled' ? 'aborted' : result.status
    yield { type: 'end', reason, data: { ...data, error: { code: result.error.code, message: result.error.message } } }
    return
  }
  const text = result.text ?? (typeof result.output === 'string' ? result.output : '')
  if (!hasSpoken && text !== '') yield { type: 'textDelta', text }
  const { output } = result
  await context.room.updateState((state) => state.with({ context: { ...state.context, payload: output } }))
  yield { type: 'end', reason: hasSpoken || text !== '' ? 'completed' : 'empty', data: { ...data, output } }
}

async function runOnce(
  runner: AgentRunner,
  context: TurnContext,
  services: TurnServices,
  onEvent: (event: RunnerEvent) => void,
): Promise<RunnerResult> {
  const text = services.triggers.flatMap((trigger) => contentText(trigger.content) ?? []).join('\n')
  const note = context.state.handoff
  const input: Json = {
    text,
    payload:
      note?.to === context.agentId && note.payload !== undefined
        ? note.payload
        : (context.state.context['payload'] ?? null),
  }
  try {
    return await runner.run(
      {
        input,
        prompt: text,
        roomId: context.room.id,
        budget: context.budget,
        idempotencyKey: context.turnId,
        ...(context.sessionId === undefined ? {} : { sessionId: context.sessionId }),
        ...(context.language === undefined ? {} : { language: context.language }),
      },
      { signal: context.signal, onEvent },
    )
  } catch (thrown) {
    const error = toParleyError(thrown, {
      code: 'internal_error',
      message: `The runner ${runner.id} failed. The error that is its cause tells more.`,
    })
    const usage = { inputTokens: 0, outputTokens: 0 }
    return { status: context.signal.aborted ? 'cancelled' : 'failed', error, usage, costNanoUsd: null }
  }
}

function ids({ runId, roomId }: RunnerResult): { runId?: string; roomId?: string } {
  return { ...(runId === undefined ? {} : { runId }), ...(roomId === undefined ? {} : { roomId }) }
}
