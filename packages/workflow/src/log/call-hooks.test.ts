import type { ParleyError } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import { callHooks, type CallHooksOptions } from './call-hooks.ts'
import type { HookEvent, WorkflowHooks } from './workflow-hooks.ts'

const event: HookEvent = { runId: 'run_1', workflow: 'w', step: 'a', data: {}, at: '2026-01-01T00:00:00.000Z' }

function options(): CallHooksOptions & { errors: ParleyError[]; clock: ReturnType<typeof createVirtualClock> } {
  const errors: ParleyError[] = []
  return { clock: createVirtualClock(), reported: new Set(), errors, onError: (error) => errors.push(error) }
}

test('workflows 12.4 hooks are awaited in order, also when one of them takes its time', async () => {
  const seen: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const hooks: WorkflowHooks[] = [
    { onStepStart: () => void seen.push('first') },
    {
      onStepStart: async () => {
        await promise
        seen.push('second')
      },
    },
    { onStepFail: () => void seen.push('other moment') },
    { onStepStart: () => void seen.push('third') },
  ]
  const done = callHooks(hooks, 'onStepStart', event, options())
  expect(seen).toEqual(['first'])
  resolve()
  await done
  expect(seen).toEqual(['first', 'second', 'third'])
})

test('workflows 12.4 hooks that are not asynchronous give nothing to await', () => {
  expect(callHooks([{ onStepStart: () => {} }, {}], 'onStepStart', event, options())).toBeUndefined()
  expect(callHooks([], 'onStepStart', event, options())).toBeUndefined()
})

test('workflows 12.4 a throwing hook is reported once, and the hooks after it are called', async () => {
  const given = options()
  let calls = 0
  const hooks: WorkflowHooks[] = [
    {
      onStepStart: () => {
        throw new Error('sk-secret-text')
      },
      onStepFail: () => Promise.reject(new Error('again')),
    },
    { onStepStart: () => void calls++, onStepFail: () => void calls++ },
  ]
  await callHooks(hooks, 'onStepStart', event, given)
  await callHooks(hooks, 'onStepStart', event, given)
  await callHooks(hooks, 'onStepFail', event, given)
  expect(calls).toBe(3)
  expect(given.errors.map(({ code }) => code)).toEqual(['hook_failed'])
  expect(given.errors[0]?.message).not.toContain('sk-secret-text')
})

test('workflows 12.4 a hook is awaited for 5 s and no longer', async () => {
  const given = options()
  let isDone = false
  const never = new Promise<void>(() => {})
  const done = callHooks([{ onStepStart: () => never }], 'onStepStart', event, given)?.then(() => {
    isDone = true
  })
  await given.clock.advance(4_999)
  expect(isDone).toBe(false)
  await given.clock.advance(1)
  await done
  expect(given.errors.map(({ code }) => code)).toEqual(['hook_timeout'])
  expect(given.clock.pending).toBe(0)
})

test('workflows 12.4 a hook that fails after its timeout stays handled, and leaves no timer when it is in time', async () => {
  const given = options()
  const { promise, reject } = Promise.withResolvers<void>()
  const done = callHooks([{ onStepStart: () => promise }], 'onStepStart', event, given)
  await given.clock.advance(5_000)
  await done
  reject(new Error('late'))
  await Promise.resolve()
  expect(given.errors).toHaveLength(1)
  await callHooks([{ onStepStart: () => Promise.resolve() }], 'onStepStart', event, given)
  expect(given.clock.pending).toBe(0)
})
