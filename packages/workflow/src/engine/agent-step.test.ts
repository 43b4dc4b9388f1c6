import type { AgentRunner, RunnerRequest } from '@parley/spec'
import { expect, test } from 'vitest'
import { loadDocument } from '../documents/load-document.ts'
import { setupEngine } from './__fixtures__/engine-setup.ts'

/** An agent that says how it was asked. */
function runnerOf(kind: AgentRunner['kind']): { runner: AgentRunner; requests: RunnerRequest[] } {
  const requests: RunnerRequest[] = []
  const runner: AgentRunner = {
    id: 'desk',
    kind,
    async run(request) {
      requests.push(request)
      const usage = { inputTokens: 0, outputTokens: 0 }
      return { status: 'completed', output: 'done', usage, costNanoUsd: 0, receiptIds: [] }
    },
  }
  return { runner, requests }
}

const document = (fields: string): string => `
name: ask
llm_model: a/b
nodes:
  - { name: begin, type: start, next: work }
  - { name: work, type: agent, agent: desk, prompt: "Find it", output: found, next: finish${fields} }
  - { name: finish, type: end, output: found }
`

test('P-2 the tools that a node allows, and its steps, are what its agent is given', async () => {
  const { runner, requests } = runnerOf('agent')
  const { engine } = setupEngine({ agents: [runner] })
  for (const fields of ['', ', max_steps: 3, allowed_tools: ["rest://crm.*"]', ', allowed_tools: []']) {
    const workflow = loadDocument(document(fields))
    expect(workflow.problems).toEqual([])
    expect((await engine.run(workflow)).output).toBe('done')
  }
  expect(requests.map(({ allowedTools, maxSteps }) => [allowedTools, maxSteps])).toEqual([
    [undefined, 10],
    [['rest://crm.*'], 3],
    [[], 10],
  ])
})

test('P-2 tools of a conversation cannot be limited by a step, so it is not asked', async () => {
  const { runner, requests } = runnerOf('conversation')
  const { engine } = setupEngine({ agents: [runner] })
  const { error } = await engine.run(loadDocument(document(', allowed_tools: []')))
  expect(error).toMatchObject({ code: 'invalid_options', message: expect.stringContaining('a conversation') })
  expect(requests).toEqual([])
})
