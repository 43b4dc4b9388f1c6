// Two agents in one room. Only the active one is asked; a handoff moves the conversation, its reason is in the log.
import assert from 'node:assert/strict'
import { Agent, Kit, Pipeline } from '@parley/kit'
import { createLocalModel } from '@parley/local'

const triage = new Agent('triage', {
  role: 'Receptionist',
  model: createLocalModel({
    rules: {
      parley_rules: 1,
      agent: 'triage',
      intents: { charged: { patterns: ['charged twice'] } },
      rules: [
        {
          when: { intent: 'charged' },
          do: [{ handoff: 'billing', reason: 'charged twice', summary: 'Ada sees two charges for October.' }],
        },
        { do: [{ reply: 'What can I do for you?' }] },
      ],
    },
  }),
})
const billing = new Agent('billing', {
  role: 'Billing specialist',
  purpose: 'Invoices, charges and refunds.',
  model: createLocalModel({
    rules: { parley_rules: 1, agent: 'billing', rules: [{ do: [{ reply: 'I can credit one of the two charges.' }] }] },
  }),
})

await using kit = new Kit()
const room = await kit.createRoom({ orchestration: new Pipeline({ agents: [triage, billing] }) })
await kit.ensureParticipant(room.id, { id: 'ada', displayName: 'Ada' })

await kit.send(room.id, { from: 'ada', text: 'Hello' }, { wait: 'settled' })
await kit.send(room.id, { from: 'ada', text: 'I was charged twice' }, { wait: 'settled' })
await kit.settled(room.id)

const state = await kit.state(room.id)
assert.equal(state.activeAgentId, 'billing', 'the pipeline should have moved the conversation to billing')
assert.equal(state.phaseHistory.at(-1)?.reason, 'charged twice')

// The receiver opens by itself, and answers the next line; the receptionist stays silent.
await kit.send(room.id, { from: 'ada', text: 'Please do' }, { wait: 'settled' })
const said = (await kit.events(room.id, { types: ['message'] })).map(
  ({ source }) => source.participantId ?? source.channelId,
)
assert.deepEqual(said, ['ada', 'triage', 'ada', 'billing', 'ada', 'billing'])

// What moved and why is in the log, for the desk and for audit; people do not see it.
const [handoff] = await kit.events(room.id, { types: ['handoff'] })
assert.equal(handoff?.visibility, 'internal')
console.log(`handed to ${state.activeAgentId}: ${state.phaseHistory.at(-1)?.reason}`)
