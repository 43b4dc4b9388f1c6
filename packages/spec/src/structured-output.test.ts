import { expect, test } from 'vitest'
import type { ChatPart, ChatRequest, ModelCard } from './chat-model.ts'
import type { ModelCodec } from './stream-model.ts'
import { foldOutputTool, planStructuredOutput } from './structured-output.ts'

const card = (structuredOutput: ModelCard['structuredOutput']): ModelCard => ({
  id: 'a/b',
  provider: 'a',
  contextTokens: 1000,
  maxOutputTokens: 100,
  input: ['text'],
  tools: true,
  structuredOutput,
  reasoning: false,
})
const output = { name: 'answer', schema: { type: 'object' } }
const request: ChatRequest = { system: 'Be brief.', messages: [], output }
const find = { name: 'find', description: 'Finds.', parameters: { type: 'object' } }
const usage = { inputTokens: 1, outputTokens: 1 }

test('PO-9 the card chooses: native, forced tool or instructions', () => {
  expect(planStructuredOutput(request, card('native'))).toEqual({ how: 'native', request })
  const byTool = planStructuredOutput(request, card('tool'))
  expect(byTool).toMatchObject({
    how: 'tool',
    outputTool: 'answer',
    request: { toolChoice: { name: 'answer' }, tools: [{ name: 'answer', parameters: output.schema }] },
  })
  expect(byTool.request).not.toHaveProperty('output')
  const byText = planStructuredOutput(request, card('instructions'))
  expect(byText.request).not.toHaveProperty('output')
  expect(byText.request.system).toMatch(/^Be brief\.\n\n.*\{"type":"object"\}$/s)
  const { output: _output, ...plain } = request
  expect(planStructuredOutput(plain, card('tool'))).toEqual({ how: 'none', request: plain })
})

test('PO-9 beside other tools the model must call one of them or the answer', () => {
  expect(planStructuredOutput({ ...request, tools: [find] }, card('tool')).request).toMatchObject({
    tools: [find, { name: 'answer' }],
    toolChoice: 'required',
  })
  expect(planStructuredOutput({ ...request, tools: [find], toolChoice: 'none' }, card('tool')).request).toMatchObject({
    tools: [{ name: 'answer' }],
    toolChoice: { name: 'answer' },
  })
})

test('PO-9 calls of the output tool are text, other calls stay calls', () => {
  const codec: ModelCodec<ChatPart> = { push: (part) => [part], finish: () => [] }
  const run = (parts: readonly ChatPart[]): ChatPart[] => {
    const folded = foldOutputTool(codec, 'answer')
    return parts.flatMap((part) => [...folded.push(part)])
  }
  const calls: ChatPart = { type: 'end', reason: 'toolCalls', usage }
  expect(
    run([
      { type: 'toolCallDelta', callId: 'c', name: 'answer', argumentsDelta: '' },
      { type: 'toolCallDelta', callId: 'c', argumentsDelta: '{}' },
      { type: 'toolCall', call: { callId: 'c', name: 'answer', arguments: '{}' } },
      calls,
    ]),
  ).toEqual([
    { type: 'textDelta', text: '{}' },
    { type: 'end', reason: 'stop', usage },
  ])
  expect(run([{ type: 'toolCall', call: { callId: 'c', name: 'answer', arguments: '{}' } }])).toEqual([
    { type: 'textDelta', text: '{}' },
  ])
  const other: ChatPart = { type: 'toolCall', call: { callId: 'd', name: 'find', arguments: '{}' } }
  expect(run([other, calls])).toEqual([other, calls])
})
