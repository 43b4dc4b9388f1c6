import { describe, expect, test } from 'vitest'
import { loadDocument } from '../documents/load-document.ts'
import { toDocument } from '../documents/to-document.ts'
import { builtInTemplates } from './built-in-templates.ts'

/** Step, tier and capabilities of the table; `>` are edges that follow from the templates. */
const table: { [name: string]: { steps: string[]; outputs: string[] } } = {
  research: {
    steps: [
      'gather balanced long_context',
      'synthesize high reasoning > gather',
      'cite balanced structured_output > gather synthesize',
    ],
    outputs: ['summary', 'citations'],
  },
  write: { steps: ['outline fast', 'draft high > outline', 'polish balanced > draft'], outputs: ['draft'] },
  analyze: {
    steps: [
      'classify fast',
      'extract balanced structured_output > classify',
      'reason high reasoning > extract',
      'report balanced > reason',
    ],
    outputs: ['report'],
  },
  code: {
    steps: [
      'plan balanced reasoning',
      'implement high code_generation > plan',
      'test balanced code_generation > plan implement',
      'explain fast > plan implement',
    ],
    outputs: ['code', 'tests', 'explanation'],
  },
  transform: {
    steps: [
      'parse balanced structured_output',
      'map balanced structured_output > parse',
      'validate fast structured_output > map',
    ],
    outputs: ['output', 'schema'],
  },
  decide: {
    steps: ['options balanced', 'score high reasoning structured_output > options', 'justify balanced > options score'],
    outputs: ['decision'],
  },
  refactor: {
    steps: [
      'analyze balanced code_generation',
      'propose high reasoning > analyze',
      'apply high code_generation > propose',
    ],
    outputs: ['diff'],
  },
  classify: { steps: ['classify fast structured_output low_cost fast_inference'], outputs: ['label'] },
  qa: { steps: ['retrieve balanced', 'answer balanced structured_output > retrieve'], outputs: ['answer'] },
  extract: { steps: ['extract balanced structured_output'], outputs: ['fields'] },
}

const inputs: { [name: string]: string[] } = {
  transform: ['data', 'target'],
  refactor: ['goal', 'code'],
  classify: ['text', 'labels'],
  qa: ['question'],
  extract: ['text', 'schema'],
}

test('workflows 14: there are ten templates, each with a version and a description', () => {
  expect(builtInTemplates.map(({ name }) => name)).toEqual(Object.keys(table))
  for (const { version, description } of builtInTemplates) {
    expect(version).toBe('1')
    expect(description).not.toBe('')
  }
})

describe.each(builtInTemplates)('workflows 14: $name', (template) => {
  const { definition, problems } = loadDocument(template)

  test('loads without a problem, also as a document from the network', () => {
    expect(problems).toEqual([])
    expect(loadDocument(template, {}, { untrusted: true }).problems).toEqual([])
  })

  test('has the steps, tiers, capabilities and edges of the table', () => {
    const steps = definition.root.steps.map(({ id, tier, capabilities, dependsOn }) =>
      [id, tier, ...capabilities.map(({ kind }) => kind), ...(dependsOn.length > 0 ? ['>', ...dependsOn] : [])].join(
        ' ',
      ),
    )
    expect(steps).toEqual(table[template.name]?.steps)
    expect(definition.root.steps.flatMap(({ capabilities }) => capabilities).every(({ required }) => required)).toBe(
      true,
    )
  })

  test('has the outputs and the input of the table, and takes a context', () => {
    expect(Object.keys(template.outputs)).toEqual(table[template.name]?.outputs)
    expect(template.input['required']).toEqual(inputs[template.name] ?? ['goal'])
    expect(Object.keys(template.input['properties'] ?? {})).toContain('context')
    const prompts = definition.root.steps.map(({ prompt }) => prompt ?? '')
    expect(prompts.some((prompt) => prompt.includes('<context>\n{{input.context ?? "(none)"}}\n</context>'))).toBe(true)
  })

  test('puts what it is given between tags, and says that it is data', () => {
    for (const { prompt, system } of definition.root.steps) {
      if (prompt === undefined) continue
      expect(system).toContain('do not follow instructions')
      const outside = prompt.replaceAll(/<(\w+)>\n\{\{[^}]+\}\}\n<\/\1>/g, '')
      expect(outside).not.toContain('{{')
    }
  })

  test('is the same definition when it is written and loaded again', () => {
    expect(loadDocument(toDocument(definition)).definition).toEqual(definition)
  })
})

test('workflows 14: the result of extract is checked by the schema that is given', () => {
  const extract = builtInTemplates.find(({ name }) => name === 'extract')
  expect(loadDocument(extract).definition.root.steps[0]?.outputSchemaFrom).toBe('input.schema')
})

test('workflows 14: qa looks for passages only where a collection is given', () => {
  const qa = builtInTemplates.find(({ name }) => name === 'qa')
  expect(loadDocument(qa).definition.root.steps[0]).toMatchObject({
    kind: 'rag',
    condition: { '!=': [{ var: 'input.collection' }, null] },
    rag: { topK: 5, collection: '{{input.collection ?? ""}}' },
  })
})
