// A stage with a contract is entered only with a complete case: what is missing is asked for, by name.
import assert from 'node:assert/strict'
import { Agent, handoffPayload, Kit, Pipeline } from '@parley/kit'
import { scriptedModel } from '@parley/testing'
import { z } from 'zod'

const claim = { schema: z.object({ invoiceId: z.string().regex(/^INV-\d+$/), cents: z.int().positive() }) }

// What a language model would do, written down: it first hands over with an empty hand.
const handOver = (payload: object) => ({
  toolCalls: [
    {
      name: 'handoff_conversation',
      arguments: { target: 'billing', reason: 'refund', summary: 'Ada wants a refund.', payload: { ...payload } },
    },
  ],
})
const model = scriptedModel([
  handOver({ cents: 7900 }),
  'Which invoice is it?',
  handOver({ invoiceId: 'INV-2210', cents: 7900 }),
  '',
])
const desk = new Agent('desk', { role: 'Front desk', model })
const billing = new Agent('billing', {
  role: 'Billing',
  model: scriptedModel(['I have INV-2210 before me.'], { then: 'last' }),
})

await using kit = new Kit()
const room = await kit.createRoom({
  orchestration: new Pipeline({
    agents: [desk, billing],
    stages: [
      { phase: 'intake', agentId: 'desk', next: 'refund' },
      { phase: 'refund', agentId: 'billing', canReturnTo: ['intake'], contract: claim },
    ],
  }),
})

await kit.send(room.id, { from: 'ada', text: 'I want my $79 back' }, { wait: 'settled' })
assert.equal((await kit.state(room.id)).phase, 'intake', 'a half-filled case must not reach billing')

// The refusal told the model which field is missing, so it asked Ada for exactly that.
const refusal = JSON.stringify(model.requests[1]?.messages.at(-1))
assert.match(refusal, /handoff_contract/)
assert.match(refusal, /invoiceId/)

await kit.send(room.id, { from: 'ada', text: 'INV-2210' }, { wait: 'settled' })
await kit.settled(room.id)
const state = await kit.state(room.id)
assert.equal(state.phase, 'refund')
// Typed by the contract: what the schema gave is what code gets.
const payload = handoffPayload(state, claim)
assert.deepEqual(payload, { invoiceId: 'INV-2210', cents: 7900 })

// Code is bound by the same transitions: refund leads back to intake and nowhere else.
const refused = await kit.handoff(
  room.id,
  { target: 'desk', reason: 'try', summary: 'Somewhere else.', phase: 'closing' },
  { by: { kind: 'code', id: 'example' } },
)
assert.equal(refused.accepted, false)
console.log(`billing got ${payload?.invoiceId} over ${payload?.cents} cents`)
