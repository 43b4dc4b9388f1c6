import { expect, test } from 'vitest'
import { Step } from '../builder/step.ts'
import { Workflow } from '../builder/workflow.ts'
import { t } from '../contracts/field-type.ts'
import { Schema } from '../contracts/schema.ts'
import { createEngine } from '../engine/create-engine.ts'
import type { Extension } from './extension.ts'
import { createExtensionRegistry } from './extension-registry.ts'

const acme = (more: Partial<Extension> = {}): Extension => ({
  name: 'acme',
  version: '1.2.0',
  description: 'Steps of Acme.',
  load: () => ({
    steps: { greet: (options) => new Step({ name: 'greet', action: () => `Hello, ${String(options)}!` }) },
    validators: { even: () => ({ name: 'even', check: (value) => ({ ok: Number(value) % 2 === 0, message: 'odd' }) }) },
    workflows: {
      answer: () => new Workflow({ name: 'answer', steps: [new Step({ name: 'a', action: () => 42 })] }),
    },
  }),
  ...more,
})

test('S16 an extension is listed without running anything of it', () => {
  let ran = 0
  const registry = createExtensionRegistry()
  registry.register(acme({ name: 'b', load: () => ((ran += 1), {}) }))
  registry.register(acme({ name: 'a' }))
  expect(registry.list()).toEqual([
    { name: 'a', version: '1.2.0', description: 'Steps of Acme.' },
    { name: 'b', version: '1.2.0', description: 'Steps of Acme.' },
  ])
  expect(ran).toBe(0)
  // Not even to read its manifest.
  const computed = Object.defineProperty(acme({ name: 'c' }), 'description', {
    get: () => String((ran += 1)),
    enumerable: true,
  })
  expect(() => registry.register(computed)).toThrow('description has to be a text that is written out')
  expect(ran).toBe(0)
})

test('S16 a manifest has no control characters and 500 characters at most', () => {
  const registry = createExtensionRegistry()
  const description = `\u001b[31mred\u0007\n\u202Eturned ${'🙂'.repeat(600)}`
  registry.register(acme({ description, version: '1\u0000.0' }))
  const [manifest] = registry.list()
  expect(manifest?.version).toBe('1.0')
  expect(manifest?.description.startsWith('[31mredturned 🙂')).toBe(true)
  expect(Array.from(manifest?.description ?? '')).toHaveLength(500)
  expect(() => registry.register(acme({ name: '../x' }))).toThrow('name takes letters')
  expect(() => registry.register(acme({ name: 'y', version: 1 as never }))).toThrow('version has to be a text')
})

test('S16 only what was registered is loaded, once, and its factories make steps, validators and workflows', async () => {
  let ran = 0
  const registry = createExtensionRegistry()
  const { load } = acme()
  registry.register(acme({ load: async () => ((ran += 1), load()) }))
  await expect(registry.load('acmee')).rejects.toMatchObject({
    code: 'unknown_reference',
    message: 'There is no extension "acmee". Did you mean "acme"?',
  })
  const [{ steps, validators, workflows }, again] = await Promise.all([registry.load('acme'), registry.load('acme')])
  expect([ran, again.steps]).toEqual([1, steps])
  const greet = steps.get('greet')?.('Ada')
  if (greet === undefined) throw new Error('no step')
  const engine = createEngine()
  expect((await engine.run(new Workflow({ name: 'w', steps: [greet] }))).output).toBe('Hello, Ada!')
  const answer = workflows.get('answer')?.()
  if (answer === undefined) throw new Error('no workflow')
  expect((await engine.run(answer)).output).toBe(42)
  const even = validators.get('even')?.()
  if (even === undefined) throw new Error('no validator')
  const schema = new Schema({ count: t.int }, { validators: { count: [even] } })
  expect(await schema['~standard'].validate({ count: 3 })).toHaveProperty('issues')
  expect(await schema['~standard'].validate({ count: 4 })).toHaveProperty('value')
})

test('S11 S16 parts are own keys', async () => {
  const registry = createExtensionRegistry()
  registry.register(
    acme({ load: () => ({ steps: Object.create({ inherited: () => new Step({ name: 'x', action: () => 1 }) }) }) }),
  )
  const { steps } = await registry.load('acme')
  expect([...steps.keys()]).toEqual([])
  expect(steps.get('constructor')).toBeUndefined()
})

test('S5 S16 one that cannot be loaded says so without its secrets, and may be tried again', async () => {
  const registry = createExtensionRegistry()
  let ran = 0
  registry.register(
    acme({
      load: () => {
        ran += 1
        if (ran === 1) throw new Error('password=hunter2')
        return {}
      },
    }),
  )
  const failed: unknown = await registry.load('acme').catch((error: unknown) => error)
  expect(failed).toMatchObject({ code: 'import_refused', details: { extension: 'acme' } })
  expect(JSON.stringify(failed)).not.toContain('hunter2')
  await expect(registry.load('acme')).resolves.toMatchObject({ manifest: { name: 'acme' } })
  registry.register(acme({ name: 'parts', load: () => ({ steps: { bad: 1 as never } }) }))
  await expect(registry.load('parts')).rejects.toThrow('steps.bad is no function')
  registry.register(acme({ name: 'keys', load: () => ({ step: {} }) as never }))
  await expect(registry.load('keys')).rejects.toThrow('Did you mean "steps"?')
  expect(() => registry.register(acme())).toThrow('there is one of this name already')
  expect(() => registry.register(acme({ name: 'none', load: undefined as never }))).toThrow('no function "load"')
})
