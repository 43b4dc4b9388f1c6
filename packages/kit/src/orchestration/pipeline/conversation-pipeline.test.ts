import { ConversationState, type PipelineStage } from '@parley/spec'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createHandoffRules } from '../handoff/handoff-rules.ts'
import { reachableTargets } from '../handoff/reachable-targets.ts'
import { ConversationPipeline } from './conversation-pipeline.ts'
import { handoffPayload, payloadSchema } from './handoff-payload.ts'

const stages: PipelineStage[] = [
  { phase: 'analysis', agentId: 'agent-discuss', next: 'coding', description: 'discusses' },
  { phase: 'coding', agentId: 'agent-coder', next: 'review' },
  { phase: 'review', agentId: 'agent-reviewer', next: ['report'], canReturnTo: new Set(['coding', 'report']) },
  { phase: 'report', agentId: 'agent-writer', next: null },
]

function failure(make: () => unknown): { code: string; details: Record<string, unknown>; message: string } | undefined {
  try {
    make()
    return undefined
  } catch (error) {
    return error as { code: string; details: Record<string, unknown>; message: string }
  }
}

describe('ConversationPipeline', () => {
  test('PL-1 stages are checked when it is made, and the known phases are listed', () => {
    const make = (changed: PipelineStage[], defaultPhase?: string) => () =>
      new ConversationPipeline({ stages: changed, ...(defaultPhase === undefined ? {} : { defaultPhase }) })
    const next = failure(make([{ phase: 'a', agentId: 'x', next: 'b' }]))
    expect(next).toMatchObject({ code: 'pipeline_invalid', details: { stage: 'a', field: 'next', phases: ['a'] } })
    expect(next?.message).toContain('Known phases: a')
    expect(failure(make([{ phase: 'a', agentId: 'x', canReturnTo: ['z'] }]))).toMatchObject({
      details: { stage: 'a', field: 'canReturnTo' },
    })
    expect(
      failure(
        make([
          { phase: 'a', agentId: 'x' },
          { phase: 'a', agentId: 'y' },
        ]),
      ),
    ).toMatchObject({ details: { field: 'phase' } })
    expect(failure(make([{ phase: 'a', agentId: 'x' }], 'b'))).toMatchObject({
      details: { stage: 'b', field: 'defaultPhase' },
    })
    expect(failure(make([{ phase: 'a', agentId: 'x', next: 'a' }]))).toBeUndefined()
    expect(failure(make([]))).toBeUndefined()
    expect(
      new ConversationPipeline({
        stages: [
          { phase: 'a', agentId: 'x' },
          { phase: 'b', agentId: 'y' },
        ],
      }).unreachable,
    ).toEqual(['b'])
    expect(new ConversationPipeline({ stages }).unreachable).toEqual([])
  })

  test('PL-2 gives one rule per stage, in order, and the default of its first stage', () => {
    const router = new ConversationPipeline({ stages, supervisorId: 'boss' }).toRouter()
    expect(router.rules.map(({ agentId, priority, conditions }) => [agentId, priority, conditions?.phases])).toEqual([
      ['agent-discuss', 0, ['analysis']],
      ['agent-coder', 1, ['coding']],
      ['agent-reviewer', 2, ['review']],
      ['agent-writer', 3, ['report']],
    ])
    expect(router.defaultAgentId).toBe('agent-discuss')
    expect(router.supervisorId).toBe('boss')
    expect(new ConversationPipeline({ stages, defaultPhase: 'review' }).toRouter().defaultAgentId).toBe(
      'agent-reviewer',
    )
  })

  test('PL-3 maps agents to their first phase and phases to what may follow', () => {
    const pipeline = new ConversationPipeline({ stages: [...stages, { phase: 'again', agentId: 'agent-coder' }] })
    expect(pipeline.getPhaseMap()).toEqual({
      'agent-discuss': 'analysis',
      'agent-coder': 'coding',
      'agent-reviewer': 'review',
      'agent-writer': 'report',
    })
    expect(pipeline.getAllowedTransitions()).toEqual({
      analysis: ['coding'],
      coding: ['review'],
      review: ['report', 'coding'],
      report: [],
      again: [],
    })
  })
})

describe('what can be reached', () => {
  const pipeline = new ConversationPipeline({ stages })
  const rules = createHandoffRules({
    stages,
    phaseMap: pipeline.getPhaseMap(),
    allowedTransitions: pipeline.getAllowedTransitions(),
  })
  const at = (phase: string): ConversationState => new ConversationState({ phase })
  const ids = (phase: string, agentId: string): string[] =>
    reachableTargets(rules, at(phase), agentId, []).map((target) => target.agentId)

  test('PL-5 depends on the present phase, and on whether the agent is of the pipeline', () => {
    expect(ids('analysis', 'agent-discuss')).toEqual(['agent-coder', 'human'])
    expect(ids('review', 'agent-reviewer')).toEqual(['agent-coder', 'agent-writer', 'human'])
    expect(ids('report', 'agent-writer')).toEqual(['human'])
    expect(ids('analysis', 'stranger')).toEqual([
      'agent-discuss',
      'agent-coder',
      'agent-reviewer',
      'agent-writer',
      'human',
    ])
    const closed = createHandoffRules({
      stages,
      allowedTransitions: pipeline.getAllowedTransitions(),
      allowHuman: false,
    })
    expect(reachableTargets(closed, at('report'), 'agent-writer', [])).toEqual([])
  })

  test('HC-1 the payload is the union of what reachable targets ask for', () => {
    const contracted = createHandoffRules({
      stages: [
        { phase: 'intake', agentId: 'reception', next: ['billing', 'tech'] },
        {
          phase: 'billing',
          agentId: 'billing',
          contract: { schema: z.object({ invoice: z.string(), note: z.string().optional() }) },
        },
        { phase: 'tech', agentId: 'tech', contract: { schema: z.object({ device: z.string(), note: z.string() }) } },
      ],
      allowedTransitions: { intake: ['billing', 'tech'], billing: [], tech: [] },
    })
    const schema = payloadSchema(contracted, reachableTargets(contracted, at('intake'), 'reception', []))
    expect(schema).toMatchObject({
      type: 'object',
      properties: {
        invoice: { type: 'string', description: 'needed by billing' },
        device: { type: 'string', description: 'needed by tech' },
        note: { type: 'string', description: 'optional for billing; needed by tech' },
      },
    })
    expect(payloadSchema(contracted, reachableTargets(contracted, at('billing'), 'billing', []))).toBeUndefined()
  })

  test('HC-4 code reads the payload with its type', () => {
    const contract = { schema: z.object({ invoice: z.string() }) }
    const state = new ConversationState({ context: { payload: { invoice: 'F-1' } } })
    const invoice: string | undefined = handoffPayload(state, contract)?.invoice
    expect(invoice).toBe('F-1')
    expect(handoffPayload(new ConversationState(), contract)).toBeUndefined()
  })
})
