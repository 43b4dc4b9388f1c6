// The code of docs/start.md. Run it: npm exec -- node --conditions=@parley/source docs/snippets/start.ts
import assert from 'node:assert/strict'
//#region room
import { Agent, Kit } from '@parley/kit'
import { createLocalModel } from '@parley/local'

const pip = new Agent('pip', {
  role: 'Front desk',
  model: createLocalModel({
    rules: { parley_rules: 1, agent: 'pip', rules: [{ do: [{ reply: "Hello! I'm Pip." }] }] },
  }),
})

await using kit = new Kit()
kit.register(pip)
const room = await kit.createRoom({ channels: ['pip'] })
await kit.send(room.id, { from: 'ada', text: 'Hi there' }, { wait: 'settled' })
for (const { index, source, content } of await kit.events(room.id)) {
  if (content.type === 'text') console.log(index, source.participantId ?? source.channelId, content.text)
}
//#endregion room

assert.deepEqual(await texts(room.id), ['Hi there', "Hello! I'm Pip."])

//#region tool
import { defineTool } from '@parley/kit'
import { z } from 'zod'

const hours: Record<string, string> = { monday: '9 to 5', sunday: 'closed' }

const openingHours = defineTool({
  description: 'When the shop is open on a day',
  effect: 'pure',
  input: z.object({ day: z.string() }),
  run: ({ day }) => ({ hours: hours[day] ?? 'by appointment' }),
})

kit.replace(
  new Agent('pip', {
    role: 'Front desk',
    tools: { openingHours },
    model: createLocalModel({
      rules: {
        parley_rules: 1,
        agent: 'pip',
        slots: { day: { type: 'choice', prompt: 'Which day?', choices: ['monday', 'sunday'] } },
        intents: { hours: { patterns: ['open [on] [{day}]'], examples: ['Are you open on Monday?'] } },
        rules: [
          {
            when: { intent: 'hours' },
            need: ['day'],
            do: [
              { tool: 'openingHours', with: { day: '{{slots.day}}' }, save: 'found' },
              { reply: 'On {{slots.day}}: {{results.found.hours}}.' },
            ],
          },
        ],
      },
    }),
  }),
)
await kit.send(room.id, { from: 'ada', text: 'Are you open on Monday?' }, { wait: 'settled' })
//#endregion tool

assert.equal((await texts(room.id)).at(-1), 'On monday: 9 to 5.')

//#region handoff
import { Pipeline } from '@parley/kit'

const reception = new Agent('reception', {
  role: 'Receptionist',
  model: createLocalModel({
    rules: {
      parley_rules: 1,
      agent: 'reception',
      intents: { bill: { patterns: ['(bill|invoice|charged)'] } },
      rules: [{ when: { intent: 'bill' }, do: [{ handoff: 'billing', reason: 'about a bill', summary: '{{words}}' }] }],
      fallback: [{ reply: 'Is it about a bill?' }],
    },
  }),
})
const billing = new Agent('billing', {
  role: 'Billing',
  model: createLocalModel({
    rules: {
      parley_rules: 1,
      agent: 'billing',
      rules: [
        { when: { opening: true }, do: [{ reply: 'Billing here. You said: {{context.summary}}' }] },
        { do: [{ reply: 'Let me look.' }] },
      ],
    },
  }),
})

const desk = await kit.createRoom({ orchestration: new Pipeline({ agents: [reception, billing] }) })
await kit.send(desk.id, { from: 'ada', text: 'I was charged twice' }, { wait: 'settled' })
console.log((await kit.state(desk.id)).activeAgentId) // billing
//#endregion handoff

assert.equal((await kit.state(desk.id)).activeAgentId, 'billing')
assert.deepEqual(await texts(desk.id), ['I was charged twice', 'Billing here. You said: I was charged twice'])

async function texts(roomId: string): Promise<string[]> {
  const events = await kit.events(roomId)
  return events.flatMap(({ type, content }) => (type === 'message' && content.type === 'text' ? [content.text] : []))
}
