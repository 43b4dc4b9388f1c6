import { scriptedModel } from '@parley/testing'
import { describe, expect, test } from 'vitest'
import { Step } from '../builder/step.ts'
import { Workflow } from '../builder/workflow.ts'
import { loadDocument } from '../documents/load-document.ts'
import { setupEngine } from './__fixtures__/engine-setup.ts'

const support = (fields = ''): string => `
name: support
llm_model: test/model
nodes:
  - { name: begin, type: start, next: reply }
  - { name: reply, type: llm, prompt: "{{ context.input.user_message }}", output: answer, next: finish${fields} }
  - { name: finish, type: end, output: answer }
`
const model = () => scriptedModel(['one', 'two', 'three', 'four'], { id: 'test/model', then: 'last' })
const ask = (text: string) => ({ user_message: text })

describe('history of a session', () => {
  test('2.3 an llm node is told what was said before in its session, oldest first, and nothing of other sessions', async () => {
    const asked = model()
    const { engine, clock } = setupEngine({ models: [asked] })
    const workflow = loadDocument(support())
    expect(workflow.problems).toEqual([])
    for (const [sessionId, text] of [
      ['s1', 'first'],
      ['s2', 'elsewhere'],
      ['s1', 'second'],
      ['s1', 'third'],
    ] as const) {
      await engine.run(workflow, ask(text), { sessionId })
      await clock.advance(1)
    }
    expect(asked.requests.at(-1)?.messages).toEqual([
      { role: 'user', content: 'first' },
      { role: 'assistant', content: 'one' },
      { role: 'user', content: 'second' },
      { role: 'assistant', content: 'three' },
      { role: 'user', content: 'third' },
    ])
    await engine.run(workflow, ask('alone'))
    expect(asked.requests.at(-1)?.messages).toHaveLength(1)
  })

  test('2.3 use_history false, history_limit and history_max_chars say how much; another tenant has none', async () => {
    const lengths: (number | undefined)[] = []
    for (const fields of ['', ', use_history: false', ', history_limit: 1', ', history_max_chars: 6']) {
      const asked = model()
      const { engine, clock } = setupEngine({ models: [asked] })
      const workflow = loadDocument(support(fields))
      await engine.run(workflow, ask('long before'), { sessionId: 's' })
      await clock.advance(1)
      await engine.run(workflow, ask('abc'), { sessionId: 's' })
      await clock.advance(1)
      await engine.run(workflow, ask('now'), { sessionId: 's' })
      lengths.push(asked.requests.at(-1)?.messages.length)
      await engine.run(workflow, ask('now'), { sessionId: 's', tenantId: 'other' })
      expect(asked.requests.at(-1)?.messages).toHaveLength(1)
    }
    expect(lengths).toEqual([5, 1, 2, 3])
  })

  test('2.4 a template reads earlier runs by path, or by name wherever it is found first; the newest counts', async () => {
    const workflow = new Workflow({
      name: 'count',
      outputs: {
        path: '{{ history.output.total ?? "none" }}',
        name: '{{ history.deep ?? "none" }}',
        input: '{{ history.input.n ?? "none" }}',
        state: '{{ history.noted ?? "none" }}',
      },
      steps: [
        new Step({
          name: 'sum',
          action: (ctx) => {
            ctx.state.set('noted', `n${ctx.input['n']}`)
            return { total: ctx.input['n'], nested: { deep: [`d${ctx.input['n']}`] } }
          },
        }),
      ],
    })
    const { engine, clock } = setupEngine()
    const first = await engine.run(workflow, { n: 0 }, { sessionId: 's' })
    expect(first.outputs).toEqual({ path: 'none', name: 'none', input: 'none', state: 'none' })
    await clock.advance(1)
    // Its `output` is what `outputs` renders: a total is found by name, under the step that gave it.
    await engine.run(workflow, { n: 7 }, { sessionId: 's' })
    await clock.advance(1)
    const last = await engine.run(workflow, { n: 8 }, { sessionId: 's' })
    expect(last.outputs).toEqual({ path: 'none', name: ['d7'], input: 7, state: 'n7' })
  })

  test('2.3 an argument of type history is taken from there; 0 and false are values, a missing one fails the step', async () => {
    const step = (type: string): string => `
parley: 1
name: pass
steps:
  - { id: pass, tool: "function://pass", inputs: { was: { type: ${type}, value: input.was } } }
`
    const calls: unknown[] = []
    const kernel = {
      register: () => () => {},
      describe: () => [],
      call: async (_uri: string, args: unknown) => {
        calls.push(args)
        return { ok: true as const, value: {}, durationMs: 0 }
      },
      close: async () => {},
    }
    const { engine, clock } = setupEngine({ kernel })
    const write = new Workflow({ name: 'write', steps: [new Step({ name: 'a', action: () => 'a' })] })
    await engine.run(write, { was: 0 }, { sessionId: 's' })
    await clock.advance(1)
    const workflow = loadDocument(step('history'))
    expect(workflow.problems).toEqual([])
    expect((await engine.run(workflow, { was: 5 }, { sessionId: 's' })).status).toBe('completed')
    expect(calls).toEqual([{ was: 0 }])
    const without = await engine.run(workflow, { was: 5 }, { sessionId: 'new' })
    expect(without.error).toMatchObject({ code: 'template_unresolved' })
  })

  test('W-24 a step without the key history among its readKeys is told nothing', async () => {
    const asked = model()
    const { engine, clock } = setupEngine({ models: [asked] })
    const workflow = loadDocument(`
parley: 1
name: scoped
steps:
  - { id: open, prompt: "a", history: {} }
  - { id: closed, prompt: "b", history: {}, read_keys: [], depends_on: [open] }
`)
    expect(workflow.problems).toEqual([])
    await engine.run(workflow, ask('first'), { sessionId: 's' })
    await clock.advance(1)
    await engine.run(workflow, ask('second'), { sessionId: 's' })
    expect(asked.requests.slice(2).map(({ messages }) => messages.length)).toEqual([3, 1])
  })

  test('12.3 a run that is gone through again finds the history that it had', async () => {
    const asked = model()
    const { engine, clock } = setupEngine({ models: [asked] })
    const workflow = loadDocument(support())
    await engine.run(workflow, ask('first'), { sessionId: 's' })
    await clock.advance(1)
    const { runId } = await engine.run(workflow, ask('second'), { sessionId: 's' })
    await clock.advance(1)
    await engine.run(workflow, ask('later'), { sessionId: 's' })
    const replaying = engine.replay(runId, { mode: 'dry' })
    await clock.runToRest()
    const report = await replaying
    expect(report).toMatchObject({ mode: 'dry' })
    expect('difference' in report).toBe(false)
  })
})
