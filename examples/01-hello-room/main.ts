// A room holds one log. People and agents write to it; whoever reads it later reads the same.
import assert from 'node:assert/strict'
import { Agent, Kit } from '@parley/kit'
import { createLocalModel } from '@parley/local'

// The model follows rules: it needs no key and says the same every time.
const pip = new Agent('pip', {
  role: 'Front desk',
  model: createLocalModel({
    rules: {
      parley_rules: 1,
      agent: 'pip',
      intents: { hours: { patterns: ['open'], examples: ['Are you open on Monday?'] } },
      rules: [
        { when: { intent: 'hours' }, do: [{ reply: 'We are open from 9 to 5.' }] },
        { do: [{ reply: "Hello! I'm Pip." }] },
      ],
    },
  }),
})

await using kit = new Kit()
kit.register(pip)
const room = await kit.createRoom({ channels: ['pip'] })
await kit.ensureParticipant(room.id, { id: 'ada', displayName: 'Ada' })

// A message is committed first; what it caused comes as commits of its own.
const sent = await kit.send(room.id, { from: 'ada', text: 'Are you open on Monday?' })
assert.equal(sent.outcome, 'committed')
const { replies } = await sent.settled()
assert.equal(replies.length, 1)

const lines = (await kit.events(room.id, { types: ['message'] })).map(({ source, content }) => {
  assert.equal(content.type, 'text')
  return `${source.participantId ?? source.channelId}: ${content.text}`
})
assert.deepEqual(lines, ['ada: Are you open on Monday?', 'pip: We are open from 9 to 5.'])

// Every turn leaves a receipt: who answered what, and what it cost.
const [turn] = await kit.receipts(room.id, { kind: 'turn' })
assert.ok(turn, 'the turn should have left a receipt')
console.log(lines.join('\n'))
