import { scriptedModel } from '@parley/testing'
import { expect, test } from 'vitest'
import type { Runnable } from './engine.ts'
import { setupEngine } from './__fixtures__/engine-setup.ts'

test('2.3 an inline document is run as it is, and known by its name afterwards', async () => {
  const { engine } = setupEngine({ models: [scriptedModel(['plan', 'again'], { id: 'a/b' })] })
  const document = { name: 'inline', steps: [{ id: 'plan', prompt: 'Plan: {{goal}}' }] }
  expect((await engine.run(document, { goal: 'g' })).output).toBe('plan')
  expect((await engine.run('inline', { goal: 'g' })).output).toBe('again')
})

test('W-6 an inline document with faults is refused with all of them', async () => {
  const { engine } = setupEngine()
  const document = { name: 'inline', steps: [{ id: 'plan', promt: 'x' }] }
  await expect(engine.run(document)).rejects.toMatchObject({
    code: 'document_invalid',
    message: expect.stringContaining('Did you mean "prompt"?'),
  })
})

test('4.6 what is no workflow is refused, and the message says what is one', async () => {
  const { engine } = setupEngine()
  for (const nothing of [undefined, null, 7, {}, { name: 'x', steps: 'plan' }]) {
    await expect(engine.run(nothing as unknown as Runnable)).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringContaining('loadDocument'),
    })
  }
})
