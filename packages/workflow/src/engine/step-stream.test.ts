import { createBudget, type AgentRunner, type Json, type RunEvent, type RunnerEvent } from '@parley/spec'
import { createVirtualClock, scriptedModel } from '@parley/testing'
import { describe, expect, test } from 'vitest'
import { Step } from '../builder/step.ts'
import { Workflow } from '../builder/workflow.ts'
import { loadDocument } from '../documents/load-document.ts'
import type { CompiledWorkflow } from '../step/compiled-workflow.ts'
import { viewRunEvent } from '../views/run-view.ts'
import { setupEngine } from './__fixtures__/engine-setup.ts'
import { workflowRunner } from './workflow-runner.ts'

/** What of a run a client of nodes sees of its texts, as `event name value`. */
function shown(events: readonly RunEvent[]): string[] {
  return events.flatMap((event) =>
    viewRunEvent(event, { view: 'nodes' }).flatMap(({ event: name, data }) =>
      ['partial', 'complete', 'restart'].includes(name)
        ? [`${name} ${String(data['name'])} ${String(data['value'] ?? '')}`.trim()]
        : [],
    ),
  )
}

const nodes = (node: string, more = ''): CompiledWorkflow =>
  loadDocument(`
name: talk
llm_model: test/scripted
${more}nodes:
  - { name: begin, type: start, next: reply }
  - { name: reply, ${node}, prompt: "Say it", output: answer, next: finish }
  - { name: finish, type: end, output: answer }
`)

/** An agent that does and says what the test lets it. */
function agentOf(events: readonly RunnerEvent[], output: Json): AgentRunner {
  return {
    id: 'default',
    kind: 'agent',
    async run(_request, { onEvent }) {
      for (const event of events) onEvent?.(event)
      const usage = { inputTokens: 0, outputTokens: 0 }
      return { status: 'completed', output, usage, costNanoUsd: 0, receiptIds: [] }
    },
  }
}

const worked: RunnerEvent[] = [
  { type: 'stepStarted', step: 1 },
  { type: 'thinkingDelta', text: 'Hm.' },
  { type: 'instructionsDelta', text: 'Look it up.' },
  { type: 'textDelta', text: 'One moment.' },
  { type: 'stepStarted', step: 2 },
  { type: 'instructionsDelta', text: 'Answer.' },
  { type: 'textDelta', text: 'It is 4.' },
]

describe('W-10 what of a node is streamed', () => {
  test.each([
    ['', []],
    [', stream_output: true', ['partial reply It', 'partial reply It is four.', 'complete reply It is four.']],
    [
      ', stream_output: true, stream_delta: true',
      ['partial reply It', 'partial reply is four.', 'complete reply It is four.'],
    ],
  ])('W-10 an llm node with "%s"', async (flags, seen) => {
    const { engine, eventsOf } = setupEngine({ models: [scriptedModel(['It is four.'])] })
    const { runId, output } = await engine.run(nodes(`type: llm${flags}`))
    expect(output).toBe('It is four.')
    expect(shown(await eventsOf(runId))).toEqual(seen)
  })

  test('W-10 12.2 the first piece comes at once, then one in 50 ms at the most', async () => {
    const clock = createVirtualClock()
    // A character each millisecond.
    const model = scriptedModel(['x'.repeat(121)], { chunk: 1, partMs: 1, clock })
    const { engine, eventsOf } = setupEngine({ models: [model], clock })
    const run = await engine.start(nodes('type: llm, stream_output: true, stream_delta: true'))
    await clock.advance(0)
    expect(shown(await eventsOf(run.id))).toEqual(['partial reply x'])
    await clock.runToRest()
    const pieces = (await eventsOf(run.id)).filter(({ type, data }) => type === 'step_delta' && data['final'] !== true)
    expect(pieces.map(({ data }) => String(data['text']).length)).toEqual([1, 49, 50, 21])
  })

  test.each([
    ['', []],
    [
      ', stream_output: true, stream_delta: true',
      ['partial reply One moment.', 'restart reply', 'partial reply It is 4.', 'complete reply It is 4.'],
    ],
    [
      ', stream_instructions: true',
      [
        'partial reply_thought Hm.',
        'partial reply_instructions Look it up.',
        'complete reply_instructions Look it up.',
        'complete reply_thought Hm.',
        'partial reply_instructions Answer.',
        'complete reply_instructions Answer.',
      ],
    ],
    [
      ', stream_partials: true',
      [
        'partial reply_step1 One moment.',
        'complete reply_step1 One moment.',
        'partial reply_step2 It is 4.',
        'complete reply_step2 It is 4.',
      ],
    ],
  ])('W-10 an agent node with "%s"', async (flags, seen) => {
    const { engine, eventsOf } = setupEngine({ agents: [agentOf(worked, 'It is 4.')] })
    const { runId } = await engine.run(nodes(`type: agent${flags}`))
    expect(shown(await eventsOf(runId))).toEqual(seen)
  })

  test('W-10 what does not come in pieces is one partial and one complete', async () => {
    const data = 'data_types: { answer: { type: object } }\n'
    const { engine, eventsOf } = setupEngine({ agents: [agentOf([], { n: 4 })] })
    const { runId } = await engine.run(nodes('type: agent, stream_output: true', data))
    expect(shown(await eventsOf(runId))).toEqual(['partial reply {"n":4}', 'complete reply {"n":4}'])
  })

  test('W-10 W-9 a reused output is one partial and one complete', async () => {
    const workflow = loadDocument(`
parley: 1
name: w
steps:
  - { id: reply, prompt: Say it, cache: { ttl_ms: 1000 }, stream: { output: true } }
`)
    const { engine, eventsOf } = setupEngine({ models: [scriptedModel(['It is four.'])] })
    await engine.run(workflow)
    const { runId } = await engine.run(workflow)
    expect(shown(await eventsOf(runId))).toEqual(['partial reply It is four.', 'complete reply It is four.'])
  })

  test('W-10 12.2 what an attempt has shown is taken back when another one follows', async () => {
    const data = 'data_types: { answer: { type: object, required: [n] } }\n'
    const { engine, eventsOf } = setupEngine({ models: [scriptedModel(['{}', '{"n":1}'])] })
    const { runId, output } = await engine.run(nodes('type: llm, stream_output: true', data))
    expect(output).toEqual({ n: 1 })
    expect(shown(await eventsOf(runId))).toEqual([
      'partial reply {}',
      'restart reply',
      'partial reply {"n":1}',
      'complete reply {"n":1}',
    ])
  })

  test('S4 W-10 no piece, and no whole, has a credential in it', async () => {
    const secret = ['sk-', 'Qw8zr4', 'Ty6pL2'].join('')
    const { engine, eventsOf } = setupEngine({ models: [scriptedModel([`Use ${secret} now.`], { chunk: 4 })] })
    const { runId } = await engine.run(nodes('type: llm, stream_output: true'))
    const events = await eventsOf(runId)
    expect(JSON.stringify(events.filter(({ type }) => type === 'step_delta'))).not.toContain('Qw8')
    expect(shown(events).at(-1)).toBe('complete reply Use [REDACTED_KEY] now.')
  })

  test('W-10 12.2 a step that says nothing streams its output to readers of the log, without a final event', async () => {
    const { engine, eventsOf } = setupEngine({ models: [scriptedModel(['It is four.'])] })
    const { runId } = await engine.run(new Workflow({ name: 'w', steps: [new Step({ name: 'a', prompt: 'Say it' })] }))
    const deltas = (await eventsOf(runId)).filter(({ type }) => type === 'step_delta')
    expect(deltas.map(({ data }) => data)).toEqual([
      { channel: 'output', text: 'It ' },
      { channel: 'output', text: 'is four.' },
    ])
  })

  test('PO-18 W-10 a workflow that answers in a room says each word of its output once, and nothing else', async () => {
    const flags = 'type: agent, stream_output: true, stream_partials: true, stream_instructions: true'
    const { engine, clock } = setupEngine({ agents: [agentOf(worked.slice(0, 4), 'One moment.')] })
    const said: string[] = []
    await workflowRunner(engine, nodes(flags)).run(
      { input: {}, budget: createBudget('turn', 't', {}, { clock }), idempotencyKey: 'k' },
      {
        signal: new AbortController().signal,
        onEvent: (event) => void (event.type === 'textDelta' && said.push(event.text)),
      },
    )
    expect(said).toEqual(['One moment.'])
  })

  test('W-6 W-10 what cannot be shown is told of at load', () => {
    const problems = (step: string): readonly unknown[] =>
      loadDocument(`parley: 1\nname: w\nsteps:\n  - { id: a, ${step} }\n`).problems
    expect(problems('rag: { query: q }, stream: { output: true }')).toMatchObject([
      { path: 'steps.a.stream', line: 4, message: expect.stringContaining('of kind rag') },
    ])
    expect(problems('prompt: p, stream: { instructions: true }')).toMatchObject([
      { path: 'steps.a.stream.instructions', fix: expect.stringContaining('agent') },
    ])
    expect(problems('prompt: p, stream: { partials: true }')).toMatchObject([{ path: 'steps.a.stream.partials' }])
    expect(problems('prompt: p, stream: { delta: true }')).toMatchObject([
      { path: 'steps.a.stream.delta', severity: 'warning' },
    ])
    expect(problems('prompt: p, stream: { output: true, delta: true }')).toEqual([])
    expect(nodes('type: llm, stream_delta: true').problems).toMatchObject([{ severity: 'warning', line: 6 }])
    expect(nodes('type: llm, stream_partials: true').problems).toMatchObject([
      { message: expect.stringContaining('stream_partials') },
    ])
  })
})
