import { ParleyError, type Json, type RunnerEvent } from '@parley/spec'
import { cloneJson } from '../../state/copy-json.ts'
import type { Acted } from '../act.ts'
import type { Attempt } from '../attempt.ts'
import type { DeltaFeed } from '../delta-feed.ts'
import { promptOf } from './act-llm.ts'
import { argumentsOf } from './act-tool.ts'

/** Lets an agent, a whole conversation or another workflow do the step. */
export async function actAgent(attempt: Attempt): Promise<Acted> {
  const { prepared, scope } = attempt
  const { step } = prepared
  const runner = step.action === undefined ? undefined : scope.parts.agents.get(step.action)
  if (runner === undefined) {
    throw new ParleyError({
      code: 'unknown_reference',
      message: `Step "${step.id}" names the agent "${step.action ?? ''}", which the engine does not have. Give it to createEngine under agents.`,
      details: { step: step.id, known: [...scope.parts.agents.keys()] },
    })
  }
  if (step.allowedTools !== undefined && runner.kind !== 'agent') {
    throw new ParleyError({
      code: 'invalid_options',
      message: `Step "${step.id}" limits the tools of "${runner.id}", which is a ${runner.kind}. Take allowedTools out, and limit the tools of its agents.`,
      details: { step: step.id, path: 'allowedTools' },
    })
  }
  const result = await runner.run(
    {
      input: cloneJson(argumentsOf(attempt)),
      ...(prepared.prompt === undefined ? {} : { prompt: promptOf(attempt) }),
      ...(prepared.outputContract === undefined ? {} : { output: prepared.outputContract }),
      ...(step.maxSteps === undefined ? {} : { maxSteps: step.maxSteps }),
      ...(step.allowedTools === undefined ? {} : { allowedTools: step.allowedTools }),
      organizationId: scope.run.tenantId,
      taskId: scope.run.taskId,
      ...(scope.run.sessionId === undefined ? {} : { sessionId: scope.run.sessionId }),
      budget: attempt.budget,
      idempotencyKey: attempt.idempotencyKey,
    },
    {
      signal: attempt.signal,
      onEvent(event) {
        if (!attempt.isOver) show(attempt.deltas, event)
      },
    },
  )
  attempt.costNanoUsd =
    attempt.costNanoUsd === null || result.costNanoUsd === null ? null : attempt.costNanoUsd + result.costNanoUsd
  if (result.status !== 'completed') throw result.error
  attempt.receiptIds.push(...result.receiptIds)
  const { output, text } = result
  return { value: output, text: text ?? writtenOutput(output) }
}

function show(deltas: DeltaFeed, event: RunnerEvent): void {
  switch (event.type) {
    case 'textDelta':
    case 'progress':
      return deltas.add(event.text)
    case 'stepStarted':
      return deltas.beginAgentStep(event.step)
    case 'thinkingDelta':
      return deltas.addTo('thought', event.text)
    case 'instructionsDelta':
      return deltas.addTo('instructions', event.text)
    case 'started':
    case 'waiting':
    // Nothing is written yet.
  }
}

/** What is shown of an output that nobody has written as a text. */
export function writtenOutput(output: Json): string {
  return typeof output === 'string' ? output : JSON.stringify(output)
}
