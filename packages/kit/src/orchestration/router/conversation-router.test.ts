import { ConversationState } from '@parley/spec'
import type { RoutingRule } from '@parley/spec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { agentEvent, testAgent, testBinding, testContext, testEvent } from '../__fixtures__/routing-input.ts'
import { ConversationRouter } from './conversation-router.ts'

const fresh = new ConversationState()
const withAgent = (activeAgentId: string): ConversationState => fresh.with({ activeAgentId })

describe('select an agent', () => {
  test('the active agent keeps answering while it is present, then rules, then the default', () => {
    const router = new ConversationRouter({ rules: [{ agentId: 'sales' }], defaultAgentId: 'triage' })
    const all = testContext(['triage', 'sales', 'support'])
    expect(router.selectAgent(testEvent(), all, withAgent('support'))).toBe('support')
    expect(router.selectAgent(testEvent(), all, fresh)).toBe('sales')
    expect(router.selectAgent(testEvent(), testContext(['triage']), withAgent('support'))).toBe('triage')
    expect(router.selectAgent(testEvent(), testContext([]), withAgent('support'))).toBeNull()
    expect(router.selectAgent(agentEvent('sales'), all, withAgent('support'))).toBeNull()
  })

  test('every condition that is set must hold, and an empty list never does', () => {
    const event = testEvent({
      metadata: { intent: 'refund' },
      content: { type: 'text', text: 'bonjour', language: 'fr' },
    })
    const matches = (conditions: RoutingRule['conditions']): boolean =>
      new ConversationRouter({
        rules: [{ agentId: 'a', ...(conditions === undefined ? {} : { conditions }) }],
      }).selectAgent(event, testContext(['a']), fresh) === 'a'
    expect(matches(undefined)).toBe(true)
    expect(matches({})).toBe(true)
    expect(
      matches({
        phases: ['intake'],
        channelTypes: ['websocket'],
        intents: ['refund'],
        sourceChannelIds: ['web'],
        languages: ['fr'],
      }),
    ).toBe(true)
    expect(matches({ phases: [] })).toBe(false)
    expect(matches({ phases: ['handling'] })).toBe(false)
    expect(matches({ channelTypes: ['sms'] })).toBe(false)
    expect(matches({ intents: ['sales'] })).toBe(false)
    expect(matches({ sourceChannelIds: ['phone'] })).toBe(false)
    expect(matches({ languages: ['en'] })).toBe(false)
    expect(matches({ intents: ['refund'], languages: ['en'] })).toBe(false)
    expect(matches({ custom: (given) => given.metadata['intent'] === 'refund' })).toBe(true)
  })

  test('rules are tried by ascending priority, negative before the default 0, ties as declared', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 12 }), (priorities) => {
        const ids = priorities.map((_, position) => `agent-${position}`)
        const rules = priorities.map((priority, position) => ({
          agentId: `agent-${position}`,
          ...(priority === 0 ? {} : { priority }),
        }))
        const router = new ConversationRouter({ rules })
        const lowest = Math.min(...priorities)
        expect(router.selectAgent(testEvent(), testContext(ids), fresh)).toBe(`agent-${priorities.indexOf(lowest)}`)
      }),
    )
  })

  test('an absent candidate is skipped with its reason and the search goes on', () => {
    const router = new ConversationRouter({
      rules: ['gone', 'web', 'deaf', 'unknown', 'silent', 'here'].map((agentId) => ({ agentId })),
    })
    const context = testContext(['here'], {
      bindings: [
        testBinding('web', 'transport'),
        testBinding('deaf', 'intelligence', { access: 'writeOnly' }),
        testBinding('unknown'),
        testBinding('silent'),
        testBinding('here'),
      ],
      channel: (id) =>
        id === 'here' ? testAgent('here') : id === 'silent' ? testAgent('silent', { isConfigOnly: true }) : undefined,
    })
    const decision = router.decide(testEvent(), context, withAgent('gone'))
    expect(decision).toMatchObject({ target: 'here', reason: 'rule' })
    expect(decision.skipped).toEqual([
      { agentId: 'gone', why: 'not_bound' },
      { agentId: 'web', why: 'not_an_agent' },
      { agentId: 'deaf', why: 'cannot_read' },
      { agentId: 'unknown', why: 'not_registered' },
      { agentId: 'silent', why: 'no_model' },
    ])
  })
})

describe('decide', () => {
  const router = new ConversationRouter({
    defaultAgentId: 'triage',
    supervisorId: 'boss',
    rules: [{ agentId: 'sales', name: 'to sales', conditions: { intents: ['buy'] } }],
  })
  const context = testContext(['triage', 'sales', 'boss'])

  test('RO-2 RO-3 the chosen agent is asked and the supervisor observes everything', () => {
    expect(router.decide(testEvent(), context, withAgent('sales'))).toEqual({
      target: 'sales',
      observers: ['boss'],
      reason: 'sticky',
      skipped: [],
    })
    expect(router.decide(testEvent({ metadata: { intent: 'buy' } }), context, fresh)).toMatchObject({
      target: 'sales',
      reason: 'rule',
      rule: 'to sales',
      observers: ['boss'],
    })
    expect(router.decide(testEvent(), context, fresh)).toMatchObject({ target: 'triage', reason: 'default' })
    expect(router.decide(agentEvent('sales'), context, fresh)).toMatchObject({
      target: null,
      reason: 'agent_source',
      observers: ['boss'],
    })
    expect(router.decide(agentEvent('boss'), context, fresh)).toMatchObject({
      target: null,
      reason: 'agent_source',
      observers: [],
    })
    expect(router.decide(testEvent(), context, withAgent('boss'))).toMatchObject({ target: 'boss', observers: [] })
  })

  test('RO-5 a person may address agents that are not active, and nobody', () => {
    const addressed = router.decide(
      testEvent({ addressedTo: ['sales', 'nobody', 'sales'] }),
      context,
      withAgent('triage'),
    )
    expect(addressed).toMatchObject({
      target: 'sales',
      targets: ['sales'],
      observers: ['boss'],
      reason: 'addressed',
      skipped: [{ agentId: 'nobody', why: 'not_bound' }],
    })
    expect(router.decide(testEvent({ addressedTo: ['boss'] }), context, fresh)).toMatchObject({
      targets: ['boss'],
      observers: [],
    })
    expect(router.decide(testEvent({ addressedTo: [] }), context, fresh)).toMatchObject({
      target: null,
      targets: [],
      reason: 'addressed',
    })
  })

  test('HU-2 with people in charge nobody is asked but the observing supervisor', () => {
    const human = withAgent('sales').with({ mode: 'human' })
    expect(router.decide(testEvent({ addressedTo: ['sales'] }), context, human)).toMatchObject({
      target: null,
      observers: ['boss'],
      reason: 'human_mode',
    })
    expect(router.decide(testEvent(), context, human.with({ mode: 'paused' }))).toMatchObject({
      target: null,
      observers: [],
      reason: 'paused',
    })
  })

  test('internal, system, note and other types ask nobody', () => {
    const asked = (changes: Parameters<typeof testEvent>[0]): string =>
      router.decide(testEvent(changes), context, fresh).reason
    expect(asked({ type: 'system', content: { type: 'system', code: 'x', text: '' } })).toBe('internal')
    expect(asked({ content: { type: 'note', text: 'aside' } })).toBe('internal')
    expect(asked({ visibility: 'internal' })).toBe('internal')
    expect(asked({ type: 'reaction', content: { type: 'reaction', targetEventId: 'evt', emoji: 'x' } })).toBe(
      'internal',
    )
    expect(asked({ source: { kind: 'system', channelType: 'system', medium: 'system' } })).toBe('internal')
    expect(asked({ type: 'dtmf', content: { type: 'dtmf', digits: '1' } })).toBe('default')
  })

  test('nobody found: all are asked, or none where that is said', () => {
    const empty = testContext(['other'])
    expect(router.decide(testEvent(), empty, fresh)).toMatchObject({ target: null, reason: 'unrouted' })
    expect(router.decide(testEvent(), empty, fresh).targets).toBeUndefined()
    const strict = new ConversationRouter({ unmatched: 'nobody' })
    expect(strict.decide(testEvent(), empty, fresh)).toMatchObject({ target: null, reason: 'unrouted', targets: [] })
  })
})

describe('predicates', () => {
  test('RO-4 get frozen arguments; one that throws does not match and is reported', () => {
    const thrown: unknown[] = []
    let isFrozen = false
    const router = new ConversationRouter({
      rules: [
        {
          agentId: 'a',
          conditions: {
            custom: () => {
              throw new Error('broken')
            },
          },
        },
        {
          agentId: 'b',
          conditions: {
            custom: (event, { room }) => {
              isFrozen = Object.isFrozen(event) && Object.isFrozen(event.source) && Object.isFrozen(room)
              return true
            },
          },
        },
      ],
    })
    const event = testEvent()
    expect(router.decide(event, testContext(['a', 'b'], { report: (error) => thrown.push(error) }), fresh).target).toBe(
      'b',
    )
    expect(isFrozen).toBe(true)
    expect(Object.isFrozen(event)).toBe(false)
    expect(thrown).toHaveLength(1)
  })

  test('RO-4 have 50 ms in total', () => {
    let nowMs = 0
    const slow = (): boolean => {
      nowMs += 30
      return false
    }
    let isAsked = false
    const router = new ConversationRouter({
      rules: [
        { agentId: 'a', conditions: { custom: slow } },
        { agentId: 'a', conditions: { custom: slow } },
        {
          agentId: 'b',
          conditions: {
            custom: () => {
              isAsked = true
              return true
            },
          },
        },
      ],
      defaultAgentId: 'a',
    })
    const reported: unknown[] = []
    const decision = router.decide(
      testEvent(),
      testContext(['a', 'b'], { monotonicMs: () => nowMs, report: (error) => reported.push(error) }),
      fresh,
    )
    expect(decision).toMatchObject({ target: 'a', reason: 'default' })
    expect(isAsked).toBe(false)
    expect(reported.length).toBeGreaterThan(0)
  })

  test('RO-4 deciding is deterministic', () => {
    const router = new ConversationRouter({
      rules: [{ agentId: 'a', conditions: { intents: ['x'] } }, { agentId: 'b' }],
      supervisorId: 'c',
    })
    fc.assert(
      fc.property(fc.constantFrom('x', 'y'), fc.constantFrom(null, 'a', 'b', 'z'), (intent, activeAgentId) => {
        const decide = (): unknown =>
          router.decide(
            testEvent({ metadata: { intent } }),
            testContext(['a', 'b', 'c']),
            fresh.with({ activeAgentId }),
          )
        expect(decide()).toEqual(decide())
      }),
    )
  })

  test('named predicates are looked up', () => {
    const router = new ConversationRouter({ rules: [{ agentId: 'a', conditions: { custom: { predicate: 'vip' } } }] })
    const predicate = (name: string): (() => boolean) | undefined => (name === 'vip' ? () => true : undefined)
    expect(router.selectAgent(testEvent(), testContext(['a'], { predicate }), fresh)).toBe('a')
    expect(router.selectAgent(testEvent(), testContext(['a']), fresh)).toBeNull()
  })
})

test('RO-10 bad rules are refused with their path', () => {
  const path = (rule: unknown): unknown => {
    try {
      new ConversationRouter({ rules: [{ agentId: 'fine' }, rule as RoutingRule] })
      return undefined
    } catch (error) {
      return [(error as { code: string }).code, (error as { details: { path: string } }).details.path]
    }
  }
  expect(path({})).toEqual(['routing_invalid', 'rules.1.agentId'])
  expect(path({ agentId: 'a', priority: Number.NaN })).toEqual(['routing_invalid', 'rules.1.priority'])
  expect(path({ agentId: 'a', conditions: { phase: ['x'] } })).toEqual(['routing_invalid', 'rules.1.conditions.phase'])
  expect(path({ agentId: 'a', condition: {} })).toEqual(['routing_invalid', 'rules.1.condition'])
  expect(path({ agentId: 'a', priority: -1 })).toBeUndefined()
})
