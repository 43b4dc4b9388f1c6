import { ConversationState, handoffRejections, type HandoffRejection } from '@parley/spec'
import type { HandoffRequest } from '@parley/spec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ConversationPipeline } from '../pipeline/conversation-pipeline.ts'
import { handoff, type HandoffFacts, type HandoffInput, type HandoffStep } from './handoff-machine.ts'
import { createHandoffRules } from './handoff-rules.ts'

const now = '2026-01-01T00:01:00.000Z'

const stages = [
  { phase: 'analysis', agentId: 'discuss', next: 'coding' },
  { phase: 'coding', agentId: 'coder', next: 'review' },
  { phase: 'review', agentId: 'reviewer', next: 'report', canReturnTo: ['coding', 'analysis'] },
  { phase: 'report', agentId: 'writer' },
  { phase: 'polish', agentId: 'coder' },
  { phase: 'billing', agentId: 'billing', contract: { schema: z.object({ invoice: z.string() }), carry: ['invoice'] } },
]
const pipeline = new ConversationPipeline({ stages })
const rules = createHandoffRules({
  stages,
  phaseMap: pipeline.getPhaseMap(),
  allowedTransitions: {
    ...pipeline.getAllowedTransitions(),
    analysis: ['coding', 'billing'],
    coding: ['review', 'polish'],
  },
  agentAliases: { dev: 'coder', programmer: 'dev' },
  supervisorId: 'boss',
})

const facts: HandoffFacts = {
  roomStatus: 'active',
  isRunning: false,
  isAsked: true,
  target: 'agent',
  peers: [],
  isHumanAvailable: true,
  escalation: 'same',
  handoffsSincePerson: 0,
  contractViolations: 0,
  maxHandoffs: 5,
}

function request(target: string, changes: Partial<HandoffRequest> = {}): HandoffRequest {
  return {
    targetAgentId: target,
    reason: 'because',
    summary: 'what was said',
    context: {},
    urgent: false,
    by: { kind: 'agent', id: 'discuss' },
    ...changes,
  }
}

function input(target: string, changes: Partial<HandoffInput> = {}): HandoffInput {
  return {
    handoffId: 'hand_1',
    roomId: 'room',
    request: request(target),
    callerId: 'discuss',
    fromName: 'Dana',
    opening: 'resume',
    rules,
    facts,
    human: { whileWaiting: 'silent', timeoutMs: 90_000, onTimeout: 'resume' },
    hook: { allowed: true },
    ...changes,
  }
}

const inAnalysis = new ConversationState({
  phase: 'analysis',
  activeAgentId: 'discuss',
  language: 'French',
  context: { account: '7' },
  version: 3,
})

function code(step: HandoffStep): HandoffRejection | 'accepted' | undefined {
  if (step.result === undefined) return undefined
  return step.result.accepted ? 'accepted' : step.result.code
}

describe('an accepted handoff', () => {
  test('OR-1 changes state, plan and receipt, and nothing outside', () => {
    const before = JSON.stringify(inAnalysis)
    const step = handoff(inAnalysis, input('coder'), now)
    expect(JSON.stringify(inAnalysis)).toBe(before)
    expect(step).toEqual(handoff(inAnalysis, input('coder'), now))
    expect(step.result).toMatchObject({ accepted: true, newAgentId: 'coder', newPhase: 'coding', handoffId: 'hand_1' })
    expect(step.state).toMatchObject({
      phase: 'coding',
      activeAgentId: 'coder',
      previousAgentId: 'discuss',
      handoffCount: 1,
      mode: 'agent',
      language: 'French',
      version: 3,
      context: { account: '7', handoffSummary: 'what was said', handoffFrom: 'discuss', handoffReason: 'because' },
      handoff: { handoffId: 'hand_1', from: 'discuss', fromName: 'Dana', to: 'coder', turnsLeft: 3 },
    })
    expect(step.state.phaseHistory.at(-1)).toMatchObject({
      fromPhase: 'analysis',
      toPhase: 'coding',
      fromAgent: 'discuss',
      toAgent: 'coder',
      timestamp: now,
    })
    expect(step.receipts).toEqual([expect.objectContaining({ stage: 'accepted', from: 'discuss', to: 'coder' })])
    expect(step.effects).toEqual([
      {
        type: 'commit',
        plan: expect.objectContaining({
          from: 'discuss',
          to: 'coder',
          fromPhase: 'analysis',
          toPhase: 'coding',
          baseVersion: 3,
        }),
      },
    ])
  })

  test('aliases are resolved to the end, and the id is used everywhere after', () => {
    const step = handoff(inAnalysis, input('programmer'), now)
    expect(step.state.activeAgentId).toBe('coder')
    expect(step.effects[0]).toMatchObject({ plan: { to: 'coder', request: { targetAgentId: 'coder' } } })
  })

  test('PL-7 an agent may hand over to itself in another reachable phase', () => {
    const coding = new ConversationState({ phase: 'coding', activeAgentId: 'coder' })
    const mine = { callerId: 'coder', request: request('coder', { by: { kind: 'agent', id: 'coder' } }) }
    expect(handoff(coding, input('coder', mine), now).state).toMatchObject({
      phase: 'polish',
      activeAgentId: 'coder',
      handoffCount: 0,
    })
  })

  test('of the phases the target owns, the one reached by next is taken, else by canReturnTo, else a wish among them', () => {
    const review = new ConversationState({ phase: 'review', activeAgentId: 'reviewer' })
    const by = { kind: 'agent', id: 'reviewer' } as const
    const from = (target: string, nextPhase?: string): HandoffStep =>
      handoff(
        review,
        input(target, {
          callerId: 'reviewer',
          request: request(target, { by, ...(nextPhase === undefined ? {} : { nextPhase }) }),
        }),
        now,
      )
    expect(from('coder').state.phase).toBe('coding')
    expect(from('discuss').state.phase).toBe('analysis')
    expect(from('writer').state.phase).toBe('report')
    expect(from('coder', 'coding').state.phase).toBe('coding')
    expect(code(from('coder', 'report'))).toBe('handoff_phase_not_allowed')
    expect(code(from('coder', 'polish'))).toBe('handoff_transition_not_allowed')
  })

  test('without a phase map the wish counts, else it is handling', () => {
    const open = createHandoffRules()
    const plain = new ConversationState({ activeAgentId: 'discuss' })
    expect(handoff(plain, input('x', { rules: open }), now).state.phase).toBe('handling')
    expect(
      handoff(plain, input('x', { rules: open, request: request('x', { nextPhase: 'sales' }) }), now).state.phase,
    ).toBe('sales')
  })
})

describe('refusals', () => {
  test('come in the promised order: the first reason wins', () => {
    // Each fault on its own, in the order of validation; all later ones are present too.
    const faults: [HandoffRejection, Partial<HandoffInput>, ConversationState?][] = [
      ['room_closed', { facts: { ...facts, roomStatus: 'closed', isRunning: true } }],
      ['handoff_in_progress', { facts: { ...facts, isRunning: true } }],
      ['handoff_not_active_agent', { callerId: 'writer', facts: { ...facts, target: 'unknown' } }],
      ['handoff_unknown_target', { facts: { ...facts, target: 'unknown' } }],
      ['handoff_not_an_agent', { facts: { ...facts, target: 'transport' } }],
      [
        'handoff_target_unavailable',
        { facts: { ...facts, target: 'unavailable' }, request: request('coder', { nextPhase: 'nowhere' }) },
      ],
      ['handoff_phase_not_allowed', { request: request('coder', { nextPhase: 'nowhere' }) }],
      ['handoff_transition_not_allowed', { request: request('writer') }],
      ['handoff_limit', { facts: { ...facts, handoffsSincePerson: 5 }, hook: { allowed: false } }],
      ['handoff_refused', { hook: { allowed: false, reason: 'closed on Sundays' } }],
    ]
    for (const [expected, changes] of faults) {
      const step = handoff(inAnalysis, input(changes.request?.targetAgentId ?? 'coder', changes), now)
      expect(code(step)).toBe(expected)
      expect(step.state).toBe(inAnalysis)
      expect(step.effects).toEqual([])
    }
    expect(code(handoff(inAnalysis, input('discuss'), now))).toBe('handoff_to_self')
  })

  test('HF-2 change nothing, say what to do, and leave a receipt', () => {
    const step = handoff(inAnalysis, input('codr', { facts: { ...facts, target: 'unknown' } }), now)
    expect(step.state).toBe(inAnalysis)
    expect(step.result).toMatchObject({
      accepted: false,
      code: 'handoff_unknown_target',
      allowed: ['coder', 'billing', 'human'],
    })
    expect(step.receipts).toEqual([
      expect.objectContaining({ stage: 'rejected', code: 'handoff_unknown_target', from: 'discuss', to: 'codr' }),
    ])
  })

  test('handing over to the present agent in its only phase is refused', () => {
    const writing = new ConversationState({ phase: 'report', activeAgentId: 'writer' })
    const mine = { callerId: 'writer', request: request('writer', { by: { kind: 'agent', id: 'writer' } }) }
    expect(code(handoff(writing, input('writer', mine), now))).toBe('handoff_to_self')
  })

  test('only the active agent may ask; where none is active, the one asked in this turn', () => {
    const nobody = inAnalysis.with({ activeAgentId: null })
    expect(code(handoff(nobody, input('coder'), now))).toBe('accepted')
    expect(code(handoff(nobody, input('coder', { facts: { ...facts, isAsked: false } }), now))).toBe(
      'handoff_not_active_agent',
    )
    for (const mode of ['human', 'paused'] as const) {
      expect(code(handoff(inAnalysis.with({ mode }), input('coder'), now))).toBe('handoff_not_active_agent')
      const byCode = { callerId: null, request: request('coder', { by: { kind: 'code', id: 'job' } }) }
      expect(code(handoff(inAnalysis.with({ mode }), input('coder', byCode), now))).toBe('accepted')
    }
    const boss = { callerId: 'boss', request: request('human', { by: { kind: 'agent', id: 'boss' } }) }
    expect(code(handoff(inAnalysis, input('human', boss), now))).toBe('accepted')
    expect(
      code(
        handoff(
          inAnalysis,
          input('coder', { ...boss, request: request('coder', { by: { kind: 'agent', id: 'boss' } }) }),
          now,
        ),
      ),
    ).toBe('handoff_not_active_agent')
  })

  test('HF-7 a circle of agents stops at the limit; people may go on', () => {
    const at = (handoffsSincePerson: number): HandoffFacts => ({ ...facts, handoffsSincePerson })
    expect(code(handoff(inAnalysis, input('coder', { facts: at(4) }), now))).toBe('accepted')
    expect(code(handoff(inAnalysis, input('coder', { facts: at(5) }), now))).toBe('handoff_limit')
    expect(code(handoff(inAnalysis, input('human', { facts: at(5) }), now))).toBe('accepted')
  })

  test('HF-9 moving to another channel must be possible, and the result says how', () => {
    const step = (escalation: HandoffFacts['escalation']): HandoffStep =>
      handoff(
        inAnalysis,
        input('coder', { facts: { ...facts, escalation }, request: request('coder', { channelEscalation: 'sms' }) }),
        now,
      )
    expect(code(step('none'))).toBe('handoff_escalation_unavailable')
    expect(step('binding').result?.message).toContain('on the channel asked for')
    expect(step('host').result?.message).toContain('host was asked')
  })
})

describe('contracts', () => {
  const ask = (changes: Partial<HandoffInput> = {}): HandoffStep => handoff(inAnalysis, input('billing', changes), now)

  test('HC-2 the payload is checked after known values were filled in', () => {
    const known = inAnalysis.with({ context: { invoice: 'F-9' } })
    expect(handoff(known, input('billing'), now).effects).toEqual([
      { type: 'checkContract', phase: 'billing', payload: { invoice: 'F-9' } },
    ])
    const own = input('billing', { request: request('billing', { payload: { invoice: 'F-1', extra: true } }) })
    expect(handoff(known, own, now).effects).toEqual([
      { type: 'checkContract', phase: 'billing', payload: { invoice: 'F-1', extra: true } },
    ])
    const step = ask({ contract: { ok: false, violations: [{ path: 'invoice', message: 'expected string' }] } })
    expect(step.state).toBe(inAnalysis)
    expect(step.result).toMatchObject({
      accepted: false,
      code: 'handoff_contract',
      violations: [{ path: 'invoice', message: 'expected string' }],
    })
    expect(step.result).toMatchObject({ reason: expect.stringContaining('invoice: expected string. Ask the person') })
  })

  test('HC-3 after so many violations another way is offered', () => {
    const contract = { ok: false as const, violations: [{ path: 'invoice', message: 'missing' }] }
    const third = ask({ contract, facts: { ...facts, contractViolations: 2 } })
    expect(third.result).toMatchObject({ reason: expect.stringContaining('Ask the person') })
    const fourth = ask({ contract, facts: { ...facts, contractViolations: 3 } })
    expect(fourth.result).toMatchObject({
      allowed: ['human'],
      reason: expect.stringContaining('Hand over to human instead'),
    })
    const alone = ask({ contract, facts: { ...facts, contractViolations: 3 }, rules: { ...rules, allowHuman: false } })
    expect(alone.result).toMatchObject({ reason: expect.stringContaining('go on without') })
  })

  test('HC-4 the parsed payload is what is stored and told', () => {
    const step = ask({
      request: request('billing', { payload: { invoice: ' F-1 ' } }),
      contract: { ok: true, value: { invoice: 'F-1' } },
    })
    expect(step.state.context['payload']).toEqual({ invoice: 'F-1' })
    expect(step.state.handoff?.payload).toEqual({ invoice: 'F-1' })
    expect(step.effects[0]).toMatchObject({ plan: { request: { payload: { invoice: 'F-1' } } } })
  })
})

describe('people', () => {
  test('HU-1 a handoff to people silences agents and keeps the previous one, from every phase', () => {
    const writing = new ConversationState({ phase: 'report', activeAgentId: 'writer' })
    const step = handoff(
      writing,
      input('human', {
        callerId: 'writer',
        request: request('human', { by: { kind: 'agent', id: 'writer' }, urgent: true }),
      }),
      now,
    )
    expect(step.state).toMatchObject({
      mode: 'human',
      phase: 'escalation',
      activeAgentId: null,
      previousAgentId: 'writer',
      human: { status: 'waiting', requestedBy: 'writer', urgency: 'high', expiresAt: '2026-01-01T00:02:30.000Z' },
    })
    expect(step.effects).toEqual([
      { type: 'commit', plan: expect.objectContaining({ to: null }), mode: { from: 'agent', to: 'human' } },
    ])
  })

  test('HU-1 with keepAgent the agent goes on until someone claims', () => {
    const step = handoff(
      inAnalysis,
      input('human', { human: { whileWaiting: 'keepAgent', timeoutMs: 1_000, onTimeout: 'stay' } }),
      now,
    )
    expect(step.state).toMatchObject({
      mode: 'agent',
      phase: 'analysis',
      activeAgentId: 'discuss',
      human: { status: 'waiting' },
    })
    expect(step.state.human?.expiresAt).toBeUndefined()
  })

  test('HU-1 people who are not there or not allowed are no target', () => {
    expect(code(handoff(inAnalysis, input('human', { facts: { ...facts, isHumanAvailable: false } }), now))).toBe(
      'handoff_human_unavailable',
    )
    const step = handoff(inAnalysis, input('human', { rules: { ...rules, allowHuman: false } }), now)
    expect(step.result).toMatchObject({ code: 'handoff_unknown_target', allowed: ['coder', 'billing'] })
    expect(
      code(
        handoff(
          inAnalysis.with({
            human: { status: 'waiting', requestedAt: now, requestedBy: 'x', urgency: 'normal', reason: '' },
          }),
          input('human'),
          now,
        ),
      ),
    ).toBe('handoff_to_self')
  })

  test('HU-5 transition limits bind people only where that is said', () => {
    const human = inAnalysis.with({ mode: 'human', activeAgentId: null })
    const back = { callerId: null, request: request('writer', { by: { kind: 'person', id: 'ada' } }) }
    expect(code(handoff(human, input('writer', back), now))).toBe('accepted')
    expect(code(handoff(human, input('writer', { ...back, rules: { ...rules, enforceForPeople: true } }), now))).toBe(
      'handoff_transition_not_allowed',
    )
  })
})

test('OR-1 any sequence of requests keeps the state sound', () => {
  const targets = fc.constantFrom('coder', 'dev', 'reviewer', 'writer', 'discuss', 'billing', 'human', 'nobody')
  const phases = fc.option(fc.constantFrom('coding', 'review', 'polish', 'nowhere'), { nil: undefined })
  const kinds = fc.constantFrom('agent', 'person', 'code', 'system')
  fc.assert(
    fc.property(fc.array(fc.tuple(targets, phases, kinds), { maxLength: 20 }), (steps) => {
      let state = inAnalysis
      for (const [target, nextPhase, kind] of steps) {
        const callerId = state.activeAgentId
        const asked = request(target, {
          by: { kind, id: callerId ?? 'x' },
          ...(nextPhase === undefined ? {} : { nextPhase }),
        })
        const before = state
        const step = handoff(
          state,
          input(target, {
            request: asked,
            callerId,
            contract: { ok: true, value: {} },
            facts: { ...facts, target: target === 'nobody' ? 'unknown' : 'agent' },
          }),
          now,
        )
        expect(step.result).toBeDefined()
        state = step.state
        if (step.result?.accepted === true) {
          expect(state.phaseHistory.length).toBe(before.phaseHistory.length + 1)
          expect(state.mode === 'human').toBe(state.activeAgentId === null)
          expect(state.human !== undefined).toBe(state.mode === 'human')
          expect(ConversationState.parse(JSON.parse(JSON.stringify(state))).toJSON()).toEqual(state.toJSON())
        } else {
          expect(state).toBe(before)
          expect(handoffRejections).toContain(code(step))
        }
      }
    }),
  )
})
