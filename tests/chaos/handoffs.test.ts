import { Agent, Pipeline } from '@parley/kit'
import { scriptedModel, type Answer, type ScriptedTurn } from '@parley/testing'
import type { Json } from '@parley/spec'
import { expect, test } from 'vitest'
import { endOf, openKit, recordingTransport, textsOf } from './chaos-bench.ts'

const handOver = (target: Json, more: Record<string, Json> = {}): Answer => ({
  toolCalls: [
    {
      name: 'handoff_conversation',
      arguments: { target, reason: 'it is theirs', summary: 'Ada has a question.', ...more },
    },
  ],
})

/** A room whose first agent does what the script says; billing just answers. */
async function startRoom(turns: ScriptedTurn[], billingTurns: ScriptedTurn[] = ['Billing here.']) {
  const model = scriptedModel(turns, { then: 'last' })
  const billingModel = scriptedModel(billingTurns, { then: 'last' })
  const bench = openKit({}, [recordingTransport('web')])
  const agents = [new Agent('desk', { model }), new Agent('billing', { model: billingModel })]
  const stages = [
    { phase: 'desk', agentId: 'desk', next: 'billing' },
    { phase: 'billing', agentId: 'billing', canReturnTo: ['desk'] },
  ]
  await bench.kit.createRoom({
    id: 'room',
    channels: ['web'],
    orchestration: new Pipeline({ agents, stages, allowHuman: false }),
  })
  const say = async (text: string): Promise<string[]> => {
    const ended = await endOf(bench.clock, bench.kit.send('room', { from: 'ada', text }, { wait: 'settled' }), 700_000)
    expect(ended).toMatchObject({ value: { outcome: 'committed' } })
    await bench.kit.settled('room')
    return textsOf(
      (await bench.kit.events('room', { types: ['message'], limit: 1_000 })).filter(
        ({ status }) => status === 'committed',
      ),
    )
  }
  const told = (): string => JSON.stringify(model.requests.at(-1)?.messages ?? [])
  const rejections = async (): Promise<Json[]> =>
    (await bench.kit.receipts('room', { kind: 'handoff', limit: 1_000 })).flatMap(({ data }) =>
      JSON.stringify(data).includes('"rejected"') ? [data] : [],
    )
  return { ...bench, model, billingModel, say, told, rejections }
}

const refused: [string, Answer, string, RegExp][] = [
  ['itself', handOver('desk'), 'handoff_to_self', /desk/],
  ['a stranger', handOver('nobody'), 'handoff_unknown_target', /billing/],
  ['a misspelled colleague', handOver('biling'), 'handoff_unknown_target', /billing/],
  ['a transport', handOver('web'), 'handoff_', /billing/],
  ['nothing', handOver(''), 'handoff_invalid_arguments', /target/],
  ['a list', handOver(['billing']), 'handoff_invalid_arguments', /target/],
  [
    'somebody in a phase they do not own',
    handOver('billing', { next_phase: 'desk' }),
    'handoff_phase_not_allowed',
    /desk|billing/,
  ],
  ['a person where none is to be had', handOver('human'), 'handoff_', /billing/],
  [
    'a colleague without saying why',
    { toolCalls: [{ name: 'handoff_conversation', arguments: { target: 'billing', summary: 's' } }] },
    'handoff_invalid_arguments',
    /reason/,
  ],
  [
    'with arguments that are no JSON',
    { toolCalls: [{ name: 'handoff_conversation', arguments: '{"target": "bill' }] },
    '',
    /handoff_invalid_arguments|tool_arguments_invalid/,
  ],
]

test.each(refused)(
  'HF-2 a model that hands off to %s is refused by name, told what to do, and stays in charge',
  async (_name, answer, code, remedy) => {
    const { kit, say, told, rejections } = await startRoom([answer, 'I stay with you.'])
    const before = (await kit.state('room')).toJSON()
    expect(await say('hello')).toEqual(['hello', 'I stay with you.'])
    expect((await kit.state('room')).toJSON()).toEqual(before)
    expect(told()).toContain(code)
    expect(told()).toMatch(remedy)
    if (code !== '') expect(JSON.stringify(await rejections())).toContain(code)
    expect(await say('again')).toContain('again')
  },
)

test('HF-2 HF-6 a model that asks ten times in a row is refused ten times, ends its turn, and the person is answered', async () => {
  let asked = 0
  const { kit, say, rejections } = await startRoom([
    ({ tools = [] }) => {
      asked += 1
      return asked <= 10 && tools.some(({ name }) => name === 'handoff_conversation')
        ? handOver(`stranger-${asked}`)
        : 'I stay with you.'
    },
  ])
  expect(await say('hello')).toEqual(['hello', 'I stay with you.'])
  expect(asked).toBeLessThanOrEqual(12)
  const codes = (await rejections()).map((data) => (data as { code?: string }).code)
  expect(codes.length).toBeGreaterThanOrEqual(3)
  expect(new Set(codes)).toEqual(new Set(['handoff_unknown_target']))
  expect((await kit.state('room')).activeAgentId).toBe('desk')
})

test('HF-6 ten handoffs in one answer are one handoff; the nine others are told that one is made', async () => {
  const many = handOver('billing').toolCalls ?? []
  const { kit, say, billingModel } = await startRoom([
    { toolCalls: Array.from({ length: 10 }, () => many).flat() },
    'too late',
  ])
  expect(await say('hello')).toEqual(['hello', 'Billing here.'])
  expect(billingModel.requests).toHaveLength(1)
  expect(await kit.events('room', { types: ['handoff'] })).toHaveLength(1)
  expect((await kit.state('room')).activeAgentId).toBe('billing')
})

test('HF-7 two agents that hand over to each other for ever stop after five moves, the person gets an answer, and the next message is free again', async () => {
  const orAnswer =
    (target: string): ScriptedTurn =>
    ({ messages }) =>
      JSON.stringify(messages).includes('handoff_limit') ? `I help you now (${target} refused).` : handOver(target)
  const { kit, say } = await startRoom([orAnswer('billing')], [orAnswer('desk')])
  const said = await say('hello')
  expect(await kit.events('room', { types: ['handoff'] })).toHaveLength(5)
  expect(said.at(-1)).toMatch(/^I help you now/)
  const { status } = await kit.getRoom('room')
  expect(status).toBe('active')
})
