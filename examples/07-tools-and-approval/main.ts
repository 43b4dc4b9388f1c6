// A tool with effects waits for a colleague. The person is answered meanwhile; the tool runs once, after the yes.
import assert from 'node:assert/strict'
import { Agent, Kit } from '@parley/kit'
import { defineTool } from '@parley/spec'
import { scriptedModel } from '@parley/testing'
import { z } from 'zod'

const paid: string[] = []
const issueRefund = defineTool({
  description: 'Pays an invoice back, wholly or in part',
  effect: 'idempotent',
  input: z.object({ invoiceId: z.string(), cents: z.int().positive() }),
  // Small amounts go through; larger ones are a colleague's to decide.
  approval: { when: ({ cents }) => cents > 5_000 },
  run: ({ invoiceId, cents }, { idempotencyKey }) => {
    paid.push(`${invoiceId} ${cents}`)
    return { paid: cents, reference: idempotencyKey.length > 0 }
  },
})

const refund = (cents: number) => ({
  toolCalls: [{ name: 'issue_refund', arguments: { invoiceId: 'INV-2210', cents } }],
})
const model = scriptedModel([
  refund(-1),
  refund(900),
  'Nine dollars are on their way.',
  refund(7_900),
  'A colleague looks at it; I will tell you.',
  'It was approved: 79 dollars are on their way.',
])
const billing = new Agent('billing', { role: 'Billing', model, tools: { issue_refund: issueRefund } })

await using kit = new Kit()
kit.register(billing)
const room = await kit.createRoom({ channels: ['billing'] })

// Bad arguments never reach the tool: the model is told what is wrong and tries again.
await kit.send(room.id, { from: 'ada', text: 'Nine dollars back, please' }, { wait: 'settled' })
assert.match(JSON.stringify(model.requests[1]?.messages.at(-1)), /tool_arguments_invalid/)
assert.deepEqual(paid, ['INV-2210 900'])

// The large one opens a request; nothing is paid yet.
await kit.send(room.id, { from: 'ada', text: 'And the other 79' }, { wait: 'settled' })
assert.deepEqual(paid, ['INV-2210 900'])
const [request] = await kit.pendingRequests({ roomId: room.id })
assert.ok(request)
assert.equal(request.kind, 'approval')
assert.deepEqual(request.arguments, { invoiceId: 'INV-2210', cents: 7_900 })

const by = { kind: 'person' as const, id: 'morgan' }
const answered = await kit.answerRequest(request.id, { decision: 'approve', by })
assert.equal(answered.outcome, 'accepted')
// Exactly one answer counts.
const second = await kit.answerRequest(request.id, { decision: 'reject', by: { ...by, id: 'riley' } })
assert.equal(second.outcome, 'already_decided')
await kit.settled(room.id)

assert.deepEqual(paid, ['INV-2210 900', 'INV-2210 7900'])
const [last] = await kit.events(room.id, { types: ['message'], newestFirst: true, limit: 1 })
assert.ok(last?.content.type === 'text')
assert.match(last.content.text, /approved/)
console.log(`${request.tool} approved by ${by.id}: ${last.content.text}`)
