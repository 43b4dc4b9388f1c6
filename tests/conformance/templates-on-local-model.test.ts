import { createLocalModel } from '@parley/local'
import type { Json } from '@parley/spec'
import { builtInTemplates, createEngine } from '@parley/workflow'
import { expect, onTestFinished, test } from 'vitest'

const goal = { goal: 'Why are there tides?' }
const inputs: { readonly [template: string]: { [key: string]: Json } } = {
  refactor: { ...goal, code: 'const a = 1' },
  transform: { data: [{ n: 'Ada' }], target: 'a list of names' },
  classify: { text: 'It is broken', labels: ['bug', 'wish'] },
  qa: { question: 'How high is the tide?' },
  extract: { text: 'Total 12 EUR', schema: { type: 'object', properties: { total: { type: 'integer' } } } },
}

test.each(builtInTemplates.map(({ name }) => name))(
  'workflows 14: %s on the local model alone ends with no_models_available, and the error says what to add',
  async (name) => {
    const local = createLocalModel({ rules: { parley_rules: 1, agent: 'local', rules: [] } })
    const engine = createEngine({ models: [local] })
    onTestFinished(() => engine.close())
    const { status, error, receipts, outputs } = await engine.run(name, inputs[name] ?? goal)
    expect(status).toBe('failed')
    expect(error).toMatchObject({ code: 'no_models_available', class: 'capability' })
    expect(error?.message).toMatch(/\b(Add|Give|Register|Set|Configure)\b/)
    // The receipt of the refusal names the filter that took the model out.
    const refused = receipts.find(({ decision }) => decision.modelId === null)
    expect(refused?.candidates).toMatchObject([{ modelId: local.id, filteredOutBy: expect.any(String) }])
    for (const key of Object.keys(builtInTemplates.find((template) => template.name === name)?.outputs ?? {}))
      expect(outputs[key] ?? null).toBeNull()
  },
)
