import { describe, expect, test } from 'vitest'
import { Agent, ConversationPipeline, type Kit, type PipelineStage } from '@parley/kit'
import { ParleyError, type TextToSpeech } from '@parley/spec'
import { createFakeTts, scriptedModel, type ScriptedTurn } from '@parley/testing'
import { openCall, type CallBench } from './__fixtures__/open-call.ts'

const toBilling = {
  name: 'handoff_conversation',
  arguments: { target: 'billing', reason: 'charge', summary: 'Charged twice.' },
}

function agents(triage: ScriptedTurn[], billing: ScriptedTurn[]): [Agent, Agent] {
  return [
    new Agent('triage', { name: 'Riley', voice: 'alice', model: scriptedModel(triage) }),
    new Agent('billing', {
      name: 'Morgan',
      voice: 'bob',
      greeting: 'morgan from billing',
      model: scriptedModel(billing),
    }),
  ]
}

function pipeline(both: readonly Agent[], options: { greetOnHandoff?: boolean; farewellPrompt?: string } = {}) {
  const stages: PipelineStage[] = [
    { phase: 'intake', agentId: 'triage', next: 'billing' },
    { phase: 'billing', agentId: 'billing', next: null },
  ]
  return async (kit: Kit, roomId: string): Promise<void> => {
    new ConversationPipeline({ stages }).install(kit, [...both], { roomId, ...options })
  }
}

const voicesHeard = ({ endpoint }: CallBench): [string, string][] =>
  endpoint.heard().map(({ voice, text }) => [voice, text.trim()])

describe('a handoff in a call', () => {
  test('HF-1 HO-5 what was said before is heard and logged first: model, tool, handoff, opening in the other voice, and the next message goes to the receiver', async () => {
    const both = agents(
      [{ text: 'one moment please', toolCalls: [toBilling] }],
      ['i see two payments', 'you are welcome'],
    )
    await using bench = await openCall({ agents: both, setUp: pipeline(both) })
    void bench.endpoint.caller.sayText('i was charged twice')
    await bench.clock.advance(12_000)
    void bench.endpoint.caller.sayText('thank you')
    await bench.clock.advance(8_000)
    expect(bench.errors).toEqual([])
    expect(await bench.lines()).toEqual([
      'ada: i was charged twice',
      'triage: one moment please',
      'billing: i see two payments',
      'ada: thank you',
      'billing: you are welcome',
    ])
    expect(voicesHeard(bench)).toEqual([
      ['alice', 'one moment please'],
      ['bob', 'i see two payments'],
      ['bob', 'you are welcome'],
    ])
  })

  test('HF-1 HO-5 in mode greeting the receiver says its greeting, and nothing of it is said twice', async () => {
    const both = agents([{ text: '', toolCalls: [toBilling] }], ['yes'])
    await using bench = await openCall({ agents: both, setUp: pipeline(both, { greetOnHandoff: true }) })
    void bench.endpoint.caller.sayText('i was charged twice')
    await bench.clock.advance(10_000)
    expect(bench.errors).toEqual([])
    expect(voicesHeard(bench)).toEqual([['bob', 'morgan from billing']])
    expect(await bench.lines()).toEqual(['ada: i was charged twice', 'billing: morgan from billing'])
  })

  test('HO-2 a voice that cannot be had refuses the handoff; nothing is committed and the agent goes on', async () => {
    const tts = createFakeTts({ sampleRateHz: 16_000 })
    const broken: TextToSpeech = {
      info: tts.info,
      open: (options, context) =>
        options.voice === 'bob'
          ? Promise.reject(new ParleyError({ code: 'voice_tts_failed', message: 'The voice is away.' }))
          : tts.open(options, context),
    }
    const both = agents([{ text: '', toolCalls: [toBilling] }, 'i will help you myself'], [])
    await using bench = await openCall({ agents: both, channel: { tts: broken }, setUp: pipeline(both) })
    void bench.endpoint.caller.sayText('i was charged twice')
    await bench.clock.advance(12_000)
    const state = await bench.kit.state(bench.roomId)
    expect([state.phase, state.activeAgentId]).toEqual(['intake', 'triage'])
    expect(await bench.lines()).toEqual(['ada: i was charged twice', 'triage: i will help you myself'])
    const [receipt] = await bench.kit.receipts(bench.roomId, { kind: 'handoff' })
    expect(JSON.stringify(receipt?.data)).toContain('handoff_target_unavailable')
    void bench.endpoint.caller.sayText('thanks')
    await bench.clock.advance(500)
    expect(bench.call.state.isEnded).toBe(false)
  })

  test('C-8 an agent without a model is no target of a call on a cascade: the call stays with the present agent', async () => {
    const [triage] = agents([{ text: '', toolCalls: [toBilling] }, 'i stay with you'], [])
    const configOnly = new Agent('billing', { name: 'Morgan', voice: 'bob' })
    await using bench = await openCall({ agents: [triage, configOnly], setUp: pipeline([triage, configOnly]) })
    void bench.endpoint.caller.sayText('i was charged twice')
    await bench.clock.advance(10_000)
    expect((await bench.kit.state(bench.roomId)).activeAgentId).toBe('triage')
    expect(await bench.lines()).toEqual(['ada: i was charged twice', 'triage: i stay with you'])
  })

  test('HO-5 words said during the switch are answered by the receiver', async () => {
    const both = agents(
      [{ text: 'let me hand you over to my colleague', toolCalls: [toBilling] }],
      ['i see two payments', 'october it is'],
    )
    await using bench = await openCall({
      agents: both,
      channel: { interruption: { warmupMs: 0 } },
      setUp: pipeline(both),
    })
    void bench.endpoint.caller.sayText('i was charged twice')
    await bench.clock.advance(3_500)
    void bench.endpoint.caller.sayText('in october')
    await bench.clock.advance(15_000)
    expect(bench.errors).toEqual([])
    const lines = await bench.lines()
    expect(lines).toContain('ada: in october')
    expect(lines.filter((line) => line.startsWith('billing:'))).toContain('billing: october it is')
  })

  test('G-3 with a farewell prompt the outgoing agent says one sentence in its own voice, and no more than 4 s are spent on it', async () => {
    const both = agents(
      [{ text: 'one moment', toolCalls: [toBilling] }, 'Goodbye ada. And another sentence.'],
      ['i see two payments'],
    )
    const setUp = pipeline(both, { farewellPrompt: 'Say goodbye.' })
    await using bench = await openCall({ agents: both, setUp })
    void bench.endpoint.caller.sayText('i was charged twice')
    await bench.clock.advance(12_000)
    expect(bench.errors).toEqual([])
    expect(await bench.lines()).toEqual([
      'ada: i was charged twice',
      'triage: one moment',
      'triage: Goodbye ada.',
      'billing: i see two payments',
    ])
    const slow = agents(
      [{ text: 'one moment', toolCalls: [toBilling] }, () => new Promise(() => {})],
      ['i see two payments'],
    )
    await using late = await openCall({ agents: slow, setUp: pipeline(slow, { farewellPrompt: 'Say goodbye.' }) })
    void late.endpoint.caller.sayText('i was charged twice')
    await late.clock.advance(12_000)
    expect((await late.lines()).at(-1)).toBe('billing: i see two payments')
  })
})
