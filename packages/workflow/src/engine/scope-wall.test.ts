import { expect, test } from 'vitest'
import { createSeededIds, createVirtualClock, scriptedModel } from '@parley/testing'
import { Step } from '../builder/step.ts'
import type { CompiledWorkflow } from '../step/compiled-workflow.ts'
import type { StepAction } from '../step/step-context.ts'
import { createEngine } from './create-engine.ts'
import { flowOf, runWith, step } from './__fixtures__/run-with.ts'

const secret = 'opaque-value-of-nobody'
const input = { results: [1], password: secret, list: [secret], nested: { deep: secret } }
/** Outputs and state that hold the secret, then a step that may read `results` alone. */
const wall = (probe: Step): ReturnType<typeof flowOf> =>
  flowOf([
    step('hidden', ({ state }) => {
      state.set('kept', secret)
      return { text: secret }
    }),
    step('results', () => ['public'], { dependsOn: ['hidden'] }),
    probe,
  ])
const all = { readKeys: ['results'], dependsOn: ['hidden', 'results'] }

/** All that can be reached from a value by its properties, prototypes included. */
function reachable(value: unknown, seen = new Set<unknown>()): string {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return String(value)
  if (seen.has(value)) return ''
  seen.add(value)
  let text = ''
  for (
    let at: object | null = value;
    at !== null && at !== Object.prototype && at !== Function.prototype;
    at = Object.getPrototypeOf(at) as object | null
  )
    for (const key of Reflect.ownKeys(at)) {
      try {
        text += ` ${String(key)} ${reachable((value as { [key: PropertyKey]: unknown })[key], seen)}`
      } catch {
        // A getter that refuses shows nothing.
      }
    }
  return value instanceof Map ? `${text} ${[...value].map((entry) => reachable(entry, seen)).join()}` : text
}

test('S2 18.4 W-25 nothing that is reachable from the context of a step shows what it may not read', async () => {
  let text = ''
  const { result } = await runWith(
    wall(
      step(
        'probe',
        (context) => {
          text = reachable(context)
          return 1
        },
        all,
      ),
    ),
    input,
  )
  expect(result.status).toBe('completed')
  expect(text).toContain('public')
  expect(text).not.toContain(secret)
})

test.each<[string, StepAction]>([
  ['get', ({ state }) => state.get('kept')],
  ['get with a fallback', ({ state }) => state.get('kept', null)],
  ['get of an output', ({ state }) => state.get('hidden')],
  ['get of the input', ({ state }) => state.get('password')],
])('18.4 W-24 %s is refused, and the error does not show the value', async (_, action) => {
  const { result, events } = await runWith(wall(step('probe', action, all)), input)
  expect(result).toMatchObject({ status: 'failed', error: { code: 'state_scope', step: 'probe' } })
  expect(JSON.stringify(events.filter(({ step: of }) => of === 'probe'))).not.toContain(secret)
  expect(result.steps['probe']?.attempts).toHaveLength(1)
})

test('18.4 inputs, input, has, keys and snapshot hold what is in the scope alone', async () => {
  const { result } = await runWith(
    wall(
      step(
        'probe',
        ({ state, inputs, input: given }) => ({
          keys: state.keys(),
          snapshot: state.snapshot(),
          has: state.has('kept'),
          inputs,
          given,
        }),
        all,
      ),
    ),
    input,
  )
  expect(result.output).toEqual({
    keys: ['results'],
    snapshot: { results: ['public'] },
    has: false,
    inputs: { results: ['public'] },
    given: { results: [1] },
  })
})

test('W-24 an input that has no keys goes by the key input', async () => {
  const seen = (readKeys: string[]): Promise<unknown> =>
    runWith(flowOf([step('a', ({ input: given, inputs }) => [given, inputs], { readKeys })]), secret).then(
      ({ result }) => result.output,
    )
  expect([await seen([]), await seen(['input'])]).toEqual([
    [null, null],
    [secret, secret],
  ])
})

test('W-24 writeKeys: undefined is all, an empty list nothing; the output of the step is always kept', async () => {
  const run = async (writeKeys: string[] | undefined): Promise<unknown> => {
    const { result } = await runWith(
      flowOf([
        step(
          'a',
          ({ state }) => {
            state.set('x', 1)
            return 2
          },
          writeKeys === undefined ? {} : { writeKeys },
        ),
      ]),
    )
    return [result.status, result.error?.code, result.state]
  }
  expect(await run(undefined)).toEqual(['completed', undefined, { x: 1, a: 2 }])
  expect(await run(['x'])).toEqual(['completed', undefined, { x: 1, a: 2 }])
  expect(await run([])).toEqual(['failed', 'state_scope', {}])
})

// The check of a definition refuses these already; the gate holds without it.
const unchecked = (probe: Step): { compiled: CompiledWorkflow } => ({
  compiled: { ...wall(probe).compiled, problems: [] },
})

test('18.4 a foreach, a condition, an argument and a template outside the scope find nothing', async () => {
  const clock = createVirtualClock()
  const model = scriptedModel(['answer'], { then: 'last', clock })
  const engine = createEngine({ clock, ids: createSeededIds(1), models: [model] })
  const run = async (probe: Step): Promise<{ status: string; code: string | undefined; text: string }> => {
    const running = engine.run(unchecked(probe), input)
    await clock.runToRest()
    const result = await running
    return {
      status: result.steps['probe']?.status ?? '',
      code: result.error?.code,
      text: JSON.stringify(result.steps['probe']),
    }
  }
  const each = await run(step('probe', ({ item }) => item, { ...all, foreach: 'list' }))
  const rooted = await run(step('probe', ({ item }) => item, { ...all, foreach: 'input.list' }))
  const condition = await run(
    step('probe', () => 'went in', {
      ...all,
      condition: `state.kept == "${secret}" or input.password == "${secret}" or steps.hidden.output.text == "${secret}"`,
    }),
  )
  const prompt = await run(new Step({ name: 'probe', prompt: 'Say {{steps.hidden.output.text}}', ...all }))
  const shown = await run(
    new Step({
      name: 'probe',
      prompt: 'Say {{state.kept ?? "none"}} {{input.nested.deep ?? "none"}} {{steps.hidden.output ?? "none"}}',
      ...all,
    }),
  )
  expect(each).toMatchObject({ status: 'failed', code: 'state_scope' })
  expect(rooted).toMatchObject({ status: 'failed', code: 'foreach_missing' })
  expect(condition).toMatchObject({ status: 'skipped' })
  expect(prompt).toMatchObject({ status: 'failed', code: 'template_unresolved' })
  expect(shown.status).toBe('completed')
  for (const { text } of [each, rooted, condition, prompt, shown]) expect(text).not.toContain(secret)
  expect(JSON.stringify(model.requests)).toContain('Say none none none')
  expect(JSON.stringify(model.requests)).not.toContain(secret)
})

test('W-20 the run input is frozen, and a step cannot change what others see', async () => {
  const { result } = await runWith(
    flowOf([
      step(
        'a',
        ({ input: given }) => {
          given['list'].push(2)
        },
        { onFailure: 'skip' },
      ),
      step('b', ({ inputs, state }) => {
        inputs['list'].push(3)
        Object.assign(state.snapshot(), { list: [] })
        return state.get('list')
      }),
      step('c', ({ input: given }) => given['list'], { dependsOn: ['b'] }),
    ]),
    { list: [1] },
  )
  expect(result.steps).toMatchObject({ a: { status: 'skipped' }, b: { output: [1] }, c: { output: [1] } })
})

test('W-23 the state of a result is the safe one', async () => {
  const { result } = await runWith(
    flowOf(
      [
        step('a', ({ state }) => {
          state.set('api_key', secret)
          state.set('mine', secret)
        }),
      ],
      { sensitiveKeys: ['mine'] },
    ),
  )
  expect(result.state).toEqual({ api_key: '[REDACTED]', mine: '[REDACTED]', a: null })
})

test('1 tools: a list is exactly that, and nothing else is called or described', async () => {
  const called: string[] = []
  const kernel = {
    register: () => () => {},
    describe: (names?: string[]) =>
      (names ?? ['function://one', 'function://two']).map((uri) => ({
        uri,
        name: uri,
        description: '',
        input: {},
        effect: 'pure' as const,
      })),
    call: async (uri: string) => {
      called.push(uri)
      return { ok: true as const, value: 1 }
    },
    close: async () => {},
  }
  const { result } = await runWith(
    flowOf([
      step(
        'a',
        async ({ tools }) => {
          const refused = await tools.call('function://two', {}).catch((error: { code: string }) => error.code)
          await tools.call('function://one', {})
          return [refused, tools.describe().map(({ uri }) => uri), tools.describe(['function://two']).length]
        },
        { allowedTools: ['function://one'] },
      ),
    ]),
    {},
    { kernel: kernel as never },
  )
  expect([result.output, called]).toEqual([['tool_not_allowed', ['function://one'], 0], ['function://one']])
})
