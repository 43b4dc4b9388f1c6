import type { ChatMessage, ChatModel, Json, Passage, RetrievalQuery, Retriever, Tier } from '@parley/spec'
import { scriptedModel, type ScriptedModel, type ScriptedTurn } from '@parley/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createEngine } from '../engine/create-engine.ts'
import type { RunOptions } from '../engine/engine-options.ts'
import type { RunResult } from '../engine/run-result.ts'
import { builtInTemplates } from './built-in-templates.ts'

const tiers: readonly Tier[] = ['fast', 'balanced', 'high']
/** Nano-USD per token. */
const prices: Readonly<Record<Tier, number>> = { fast: 10, balanced: 100, high: 1_000 }

/** What the person's message of a request says. */
function textOf(message: ChatMessage | undefined): string {
  return message !== undefined && 'content' in message ? String(message.content) : ''
}

/** Three models, one of each tier, whose cards meet what the templates require; each answers by the step that asks. */
function modelsFor(answers: { readonly [start: string]: Json | ((call: number) => Json) }): {
  models: ScriptedModel[]
  prompts: () => string[]
} {
  const asked = new Map<string, number>()
  const turn: ScriptedTurn = ({ messages }) => {
    const text = JSON.stringify(textOf(messages[0]))
    const [start, answer] = Object.entries(answers).find(([key]) => text.startsWith(`"${key}`)) ?? []
    if (start === undefined || answer === undefined) throw new Error(`No answer for ${text.slice(0, 60)}`)
    const call = (asked.get(start) ?? 0) + 1
    asked.set(start, call)
    const said = typeof answer === 'function' ? answer(call) : answer
    return {
      text: typeof said === 'string' ? said : JSON.stringify(said),
      usage: { inputTokens: 100, outputTokens: 10 },
    }
  }
  const models = tiers.map((tier) => {
    const price = { from: '2020-01-01T00:00:00Z', input: prices[tier], output: prices[tier] }
    return scriptedModel([turn], {
      id: `test/${tier}`,
      then: 'last',
      card: {
        tiers: [tier],
        contextTokens: 200_000,
        maxOutputTokens: 1_000,
        quality: { code: 0.95, reasoning: 0.95, summarization: 0.95, extraction: 0.95, analysis: 0.95, creative: 0.95 },
        latencyMs: { firstTokenP50: 200 },
        reasoning: true,
        price,
      },
    })
  })
  const prompts = (): string[] => models.flatMap(({ requests }) => requests.map(({ messages }) => textOf(messages[0])))
  return { models, prompts }
}

const citations = [{ claim: 'Tides follow the moon.', source: 'almanac' }]
const scores = [{ option: 'wait', total: 7, criteria: [{ criterion: 'cost', weight: 1, score: 7 }] }]
const decision = { choice: 'wait', scores, justification: 'It costs nothing.' }
const target = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] }
const structure = [{ path: 'n', type: 'string', meaning: 'the name' }]
const validated = { violations: [], output: [{ name: 'Ada' }] }
const fieldSchema = {
  type: 'object',
  properties: { total: { type: 'integer' }, currency: { type: 'string' } },
  required: ['total', 'currency'],
}

/** Of each template: what it is given, what its steps answer by the start of their prompts, and what must come of it. */
interface Case {
  input: { [key: string]: Json }
  answers: { [start: string]: Json }
  outputs: { [key: string]: Json }
  /** Who decides each step, in the order of the receipts. */
  by: Tier[]
}

const cases: { [name: string]: Case } = {
  research: {
    input: { goal: 'Why are there tides?' },
    answers: { 'List the facts': 'A fact', 'Merge these': 'A summary', 'Match each': { citations } },
    outputs: { summary: 'A summary', citations },
    by: ['balanced', 'high', 'balanced'],
  },
  write: {
    input: { goal: 'A note about tides' },
    answers: { Outline: 'Points', Write: 'First draft', 'Polish this': 'Polished' },
    outputs: { draft: 'Polished' },
    by: ['fast', 'high', 'balanced'],
  },
  analyze: {
    input: { goal: 'What does the log say?', context: 'a log' },
    answers: {
      'Say what kind': 'log',
      'Extract what': { entities: [], numbers: [{ value: 3, unit: 's', measures: 'delay' }], dates: [] },
      'Work out': 'Finding',
      'Write a report': 'The report',
    },
    outputs: { report: 'The report' },
    by: ['fast', 'balanced', 'high', 'balanced'],
  },
  code: {
    input: { goal: 'Add two numbers in TypeScript' },
    answers: { 'Plan code': 'Plan', 'Write the code': 'add', 'Write tests': 'tests', 'Explain this': 'It adds.' },
    outputs: { code: 'add', tests: 'tests', explanation: 'It adds.' },
    by: ['balanced', 'high', 'balanced', 'fast'],
  },
  transform: {
    input: { data: [{ n: 'Ada' }], target },
    answers: {
      'Describe the structure': { fields: structure },
      'Bring the data': { output: [{ name: 'Ada' }] },
      'Check the mapped': validated,
    },
    outputs: { output: [{ name: 'Ada' }], schema: structure },
    by: ['balanced', 'balanced', 'fast'],
  },
  decide: {
    input: { goal: 'Move now or wait?' },
    answers: { 'Find options': 'wait; move', 'Score the': { scores }, 'Recommend one': decision },
    outputs: { decision },
    by: ['balanced', 'high', 'balanced'],
  },
  refactor: {
    input: { goal: 'Shorter', code: 'const a = 1' },
    answers: { 'Read this': 'Long', 'Propose the': 'Change', 'Apply the': '--- a\n+++ b' },
    outputs: { diff: '--- a\n+++ b' },
    by: ['balanced', 'high', 'high'],
  },
  classify: {
    input: { text: 'It is broken', labels: ['bug', 'wish'] },
    answers: { 'Classify the': { label: 'bug', confidence: 0.9 } },
    outputs: { label: 'bug' },
    by: ['fast'],
  },
  qa: {
    input: { question: 'How high is the tide?', context: 'Two metres.' },
    answers: { 'Answer the': { text: 'Two metres [context]', citations: ['context'] } },
    outputs: { answer: { text: 'Two metres [context]', citations: ['context'] } },
    by: ['balanced'],
  },
  extract: {
    input: { text: 'Total 12 EUR', schema: fieldSchema },
    answers: { 'Fill the': { total: 12, currency: 'EUR' } },
    outputs: { fields: { total: 12, currency: 'EUR' } },
    by: ['balanced'],
  },
}

async function runOn(
  models: readonly ChatModel[],
  name: string,
  input: Json,
  options: { run?: RunOptions; retriever?: Retriever } = {},
): Promise<RunResult> {
  const { retriever, run } = options
  const engine = createEngine({
    models,
    ...(retriever === undefined ? {} : { retrievers: { default: retriever } }),
  })
  onTestFinished(() => engine.close())
  return engine.run(name, input, run)
}

test('workflows 14: every template has a run here', () => {
  expect(Object.keys(cases)).toEqual(builtInTemplates.map(({ name }) => name))
})

describe.each(Object.entries(cases))('workflows 14: %s', (name, { input, answers, outputs, by }) => {
  test('runs to its outputs, which are values, with one receipt per decision; the costs add up', async () => {
    const { models } = modelsFor(answers)
    const result = await runOn(models, name, input)
    expect(result.error).toBeUndefined()
    expect(result.status).toBe('completed')
    expect(result.outputs).toEqual(outputs)
    expect(result.output).toEqual(outputs)
    const { receipts } = result
    expect(receipts.map(({ stepKey }) => stepKey)).toHaveLength(new Set(receipts.map(({ stepKey }) => stepKey)).size)
    expect(receipts.map(({ decision: made }) => made.modelId).toSorted()).toEqual(
      by.map((tier) => `test/${tier}`).toSorted(),
    )
    for (const { execution, candidates } of receipts) {
      expect(execution.status).toBe('success')
      expect(candidates.map(({ modelId }) => modelId).toSorted()).toEqual(['test/balanced', 'test/fast', 'test/high'])
    }
    // 110 tokens a call.
    const cost = by.reduce((sum, tier) => sum + 110 * prices[tier], 0)
    expect(result.totalCostNanoUsd).toBe(cost)
    expect(receipts.reduce((sum, { execution }) => sum + (execution.actualCostNanoUsd ?? NaN), 0)).toBe(cost)
    expect(result.usage).toMatchObject({ inputTokens: 100 * by.length, outputTokens: 10 * by.length })
  })
})

describe('workflows 14: extract', () => {
  const { input } = cases['extract'] as Case // the table has it

  test('refuses an answer that breaks the given schema, tries again, and gives the one that keeps it', async () => {
    const { models, prompts } = modelsFor({
      'Fill the': (call) => (call === 1 ? { total: 'twelve', currency: 'EUR' } : { total: 12, currency: 'EUR' }),
    })
    const result = await runOn(models, 'extract', input)
    expect(result.status).toBe('completed')
    expect(result.outputs['fields']).toEqual({ total: 12, currency: 'EUR' })
    expect(result.steps['extract']?.attempts).toMatchObject([
      { status: 'failure', class: 'validation' },
      { status: 'success' },
    ])
    expect(result.receipts).toHaveLength(2)
    const [first, second] = prompts()
    expect(first).not.toContain('[Attempt')
    expect(second).toMatch(/\[Attempt 2\./)
    expect(second).not.toContain('twelve')
  })

  test('asks the model for the given schema', async () => {
    const { models } = modelsFor({ 'Fill the': { total: 12, currency: 'EUR' } })
    await runOn(models, 'extract', input)
    expect(models.flatMap(({ requests }) => requests.map(({ output }) => output?.schema))).toEqual([fieldSchema])
  })

  test('fails when no answer keeps the schema', async () => {
    const { models } = modelsFor({ 'Fill the': { total: 12 } })
    const result = await runOn(models, 'extract', input)
    expect(result.status).toBe('failed')
    expect(result.error).toMatchObject({ code: 'contract_output', class: 'validation' })
    expect(result.outputs['fields']).toBeUndefined()
  })
})

describe('workflows 14: qa', () => {
  const passage: Passage = {
    id: 'p1',
    collection: 'sea',
    sourceId: 's1',
    text: 'The tide is two metres.',
    similarity: 0.9,
    metadata: {},
  }
  const answer = { text: 'Two metres [p1]', citations: ['p1'] }

  function retriever(): { retriever: Retriever; asked: RetrievalQuery[] } {
    const asked: RetrievalQuery[] = []
    return {
      asked,
      retriever: {
        id: 'double',
        retrieve: (query) => {
          asked.push(query)
          return Promise.resolve([[passage]])
        },
      },
    }
  }

  test('with a collection: the passages that were found are in the prompt', async () => {
    const { models, prompts } = modelsFor({ 'Answer the': answer })
    const found = retriever()
    const result = await runOn(
      models,
      'qa',
      { question: 'How high?', collection: 'sea' },
      { retriever: found.retriever },
    )
    expect(result).toMatchObject({ status: 'completed', outputs: { answer } })
    expect(found.asked).toMatchObject([{ texts: ['How high?'], collection: 'sea', topK: 5 }])
    expect(prompts()[0]).toContain('The tide is two metres.')
  })

  test('without one: nothing is looked for, and the prompt says that there are no passages', async () => {
    const { models, prompts } = modelsFor({ 'Answer the': answer })
    const found = retriever()
    const result = await runOn(models, 'qa', { question: 'How high?', context: 'x' }, { retriever: found.retriever })
    expect(result.steps['retrieve']).toMatchObject({ status: 'skipped', skip: { kind: 'condition' } })
    expect(result.status).toBe('completed')
    expect(found.asked).toEqual([])
    expect(prompts()[0]).toContain('<passages>\n(none)\n</passages>')
  })
})

test('workflows 14: research under a tiny budget with on_exceed downgrade goes on with cheaper models', async () => {
  const { input, answers, outputs } = cases['research'] as Case // the table has it
  const { models } = modelsFor(answers)
  const rich = await runOn(models, 'research', input)
  const again = modelsFor(answers)
  const poor = await runOn(again.models, 'research', input, {
    run: { budget: { maxCostUsd: 0.0004, onExceed: 'downgrade' } },
  })
  expect(poor.error).toBeUndefined()
  expect(poor).toMatchObject({ status: 'completed', outputs })
  const downgraded = poor.receipts.filter(({ decision: made }) => made.downgradedFrom !== undefined)
  expect(downgraded.map(({ stepKey, decision: made }) => [stepKey, made.downgradedFrom])).toContainEqual([
    'synthesize@1',
    'high',
  ])
  expect(poor.totalCostNanoUsd).toBeLessThanOrEqual(400_000)
  expect(poor.totalCostNanoUsd ?? NaN).toBeLessThan(rich.totalCostNanoUsd ?? NaN)
})
