import { Agent, ConversationPipeline } from '@parley/kit'
import { defineTool, type AnyTool } from '@parley/spec'
import { createFakeStt, scriptedModel } from '@parley/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { openCall } from '../channel/__fixtures__/open-call.ts'
import { mergeKeyTerms, namesIn } from './key-terms.ts'

const tool = (name: string): AnyTool => defineTool({ name, description: name, input: z.object({}), run: () => 'ok' })

test('keyTermsFromContext: at most 100 terms, the own ones first, each once', () => {
  const own = Array.from({ length: 99 }, (_, index) => `own ${index}`)
  expect(mergeKeyTerms(own, ['Riley', 'OWN 3', ' ', 'Harbor'])).toEqual({ terms: [...own, 'Riley'], left: ['Harbor'] })
})

test('keyTermsFromContext: short texts of a payload are names, sentences and numbers are not', () => {
  const payload = {
    customer: 'Ada Lovelace',
    orders: [{ product: 'Harbor One', id: '4711' }],
    cents: 1200,
    summary: 'She was charged twice in October and wants it back.',
  }
  expect(namesIn(payload)).toEqual(['Ada Lovelace', 'Harbor One'])
})

test('keyTermsFromContext: the recognizer is told names of agent, tools and handoff; the rest is in a receipt', async () => {
  const stt = createFakeStt()
  const told: (readonly string[])[] = []
  const watched: typeof stt = {
    ...stt,
    open(options, context) {
      const opened = stt.open(options, context)
      told.push(options.keyTerms ?? [])
      const watch = async (): Promise<Awaited<typeof opened>> => {
        const stream = await opened
        const update = stream.update.bind(stream)
        stream.update = (change) => {
          if (change.keyTerms !== undefined) told.push(change.keyTerms)
          return update(change)
        }
        return stream
      }
      return watch()
    },
  }
  const keyTerms = Array.from({ length: 96 }, (_, index) => `own${index}`)
  const handoff = {
    toolCalls: [
      {
        name: 'handoff_conversation',
        arguments: {
          target: 'billing',
          reason: 'charge',
          summary: 'twice',
          payload: { customer: 'Ada Lovelace', plan: 'Harbor One' },
        },
      },
    ],
  }
  const triage = new Agent('triage', { name: 'Riley', model: scriptedModel([handoff]), tools: [tool('find_customer')] })
  const billing = new Agent('billing', {
    name: 'Morgan',
    model: scriptedModel(['i see it']),
    tools: [tool('refund_payment'), tool('list_orders')],
  })
  await using bench = await openCall({
    agents: [triage, billing],
    channel: { stt: watched, keyTerms },
    setUp: (kit, roomId) => {
      const pipeline = new ConversationPipeline({
        stages: [
          { phase: 'intake', agentId: 'triage', next: 'billing' },
          { phase: 'billing', agentId: 'billing', next: null },
        ],
      })
      pipeline.install(kit, [triage, billing], { roomId })
    },
  })
  expect(told[0]).toEqual([...keyTerms, 'Riley', 'find customer'])
  void bench.endpoint.caller.sayText('i was charged twice')
  await bench.clock.advance(15_000)
  expect(told.at(-1)).toEqual([...keyTerms, 'Morgan', 'refund payment', 'list orders', 'Ada Lovelace'])
  expect(await bench.receipts('keyTerms')).toMatchObject([{ used: 100, left: ['Harbor One'] }])
  expect(bench.errors).toEqual([])
})

test('keyTermsFromContext: false leaves the own terms alone', async () => {
  const stt = createFakeStt()
  await using _ = await openCall({ channel: { stt, keyTerms: ['Harbor'], keyTermsFromContext: false } })
  expect(stt.opened[0]?.options.keyTerms).toEqual(['Harbor'])
})
