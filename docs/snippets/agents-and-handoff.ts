// The code of docs/agents-and-handoff.md. The models are scripted: each entry is what a real model might answer.
import assert from 'node:assert/strict'
import { scriptedModel } from '@parley/testing'

const credited: number[] = []
const receptionModel = scriptedModel([
  // The model asks for billing before it knows who calls: the contract refuses, and it asks the caller.
  {
    toolCalls: [
      {
        name: 'handoff_conversation',
        arguments: {
          target: 'billing',
          reason: 'double charge',
          summary: 'Charged twice.',
          payload: { topic: 'charge' },
        },
      },
    ],
  },
  'What is your account number?',
  {
    toolCalls: [
      {
        name: 'handoff_conversation',
        arguments: {
          target: 'billing',
          reason: 'double charge',
          summary: 'Charged twice.',
          payload: { accountId: '204417', topic: 'charge' },
        },
      },
    ],
  },
])
const billingModel = scriptedModel([
  'Morgan from billing: shall I credit it?',
  { toolCalls: [{ name: 'issue_credit', arguments: { accountId: '204417', cents: 7_900 } }] },
  'A colleague has to agree to that; I tell you as soon as I know.',
  'Your credit is booked.',
  'Is there anything else?',
])

//#region agent
import { Agent, defineTool, handoffPayload, Kit, ParleyError, Pipeline, type HandoffContract } from '@parley/kit'
import { z } from 'zod'

const issueCredit = defineTool({
  name: 'issue_credit',
  description: 'Credits an account',
  effect: 'idempotent',
  input: z.object({ accountId: z.string(), cents: z.int().positive() }),
  approval: { when: ({ cents }) => cents > 2_500 }, // a colleague decides above $25
  run: ({ accountId, cents }, { idempotencyKey, signal }) => {
    signal.throwIfAborted()
    credited.push(cents)
    return { accountId, cents, bookedUnder: idempotencyKey }
  },
})

const reception = new Agent('reception', {
  name: 'Riley',
  role: 'Receptionist',
  scope: 'Finds out who calls and why, then hands over. Settles nothing.',
  greeting: 'Harbor Internet, this is Riley.',
  model: receptionModel,
})
const billing = new Agent('billing', {
  name: 'Morgan',
  role: 'Billing',
  purpose: 'invoices, payments, credits', // what other agents read when they choose
  model: billingModel,
  tools: [issueCredit],
  limits: { maxSteps: 8, turnTimeoutMs: 60_000 },
})
//#endregion agent

//#region pipeline
const toBilling: HandoffContract<{ accountId: string; topic: string }> = {
  schema: z.object({ accountId: z.string().regex(/^\d{6}$/), topic: z.enum(['charge', 'payment']) }),
  onMissing: 'ask', // the agent is told which field and asks the caller, 3 times at most
}

await using kit = new Kit({
  orchestration: new Pipeline({
    id: 'front-desk', // rooms refer to it after a restart
    agents: [reception, billing],
    stages: [
      { phase: 'intake', agentId: 'reception', next: 'billing' },
      { phase: 'billing', agentId: 'billing', next: null, canReturnTo: ['intake'], contract: toBilling },
    ],
  }),
})
const room = await kit.createRoom()
await kit.send(room.id, { from: 'ada', text: 'I was charged twice' }, { wait: 'settled' })
await kit.send(room.id, { from: 'ada', text: '204417' }, { wait: 'settled' })

const state = await kit.state(room.id)
console.log(state.activeAgentId, state.phase, handoffPayload(state, toBilling)?.accountId) // billing billing 204417
//#endregion pipeline

assert.deepEqual([state.activeAgentId, state.phase], ['billing', 'billing'])
assert.equal(handoffPayload(state, toBilling)?.accountId, '204417')
const handoffs = await kit.receipts(room.id, { kind: 'handoff' })
assert.ok(handoffs.some(({ data }) => JSON.stringify(data).includes('handoff_contract')))

//#region approval
await kit.send(room.id, { from: 'ada', text: 'Yes, credit it' }, { wait: 'settled' })
const [request] = await kit.pendingRequests({ roomId: room.id, kind: 'approval' })
if (request !== undefined) {
  console.log(request.tool, request.arguments) // issue_credit { accountId: '204417', cents: 7900 }
  await kit.answerRequest(request.id, { decision: 'approve', by: { kind: 'person', id: 'kim' } })
}
await kit.settled(room.id) // the tool has run, the agent has told the caller
//#endregion approval

assert.deepEqual(credited, [7_900])

//#region by-code
const result = await kit.handoff(
  room.id,
  { target: 'reception', reason: 'the matter is settled', summary: 'Credit booked.', opening: 'silent' },
  { by: { kind: 'code', id: 'back-office' } },
)
console.log(result.accepted ? result.newPhase : `${result.code}: ${result.reason}`) // intake
//#endregion by-code

assert.ok(result.accepted)

//#region human
const ada = room.id
await kit.requestHuman(ada, { reason: 'asked for a person', urgency: 'high' }, { by: { kind: 'person', id: 'ada' } })
const [waiting] = await kit.humanQueue()
console.log(waiting?.roomId === ada, waiting?.reason) // true asked for a person

await kit.ensureParticipant(ada, { id: 'kim', displayName: 'Kim', role: 'agent' })
const claim = await kit.claim(ada, 'kim') // exactly one colleague gets it
if (claim.ok) {
  await kit.send(ada, { from: 'kim', text: 'Hello Ada, this is Kim.' })
  await kit.handBack(
    ada,
    { target: 'billing', payload: { accountId: '204417', topic: 'payment' }, note: 'Due date moved to the 28th.' },
    { by: { kind: 'person', id: 'kim' } },
  )
}
//#endregion human

await kit.settled(ada)
assert.equal(waiting?.reason, 'asked for a person')
assert.deepEqual(
  [claim.ok, (await kit.state(ada)).mode, (await kit.state(ada)).activeAgentId],
  [true, 'agent', 'billing'],
)

//#region state
await kit.updateState(ada, (current) => current.enterPhase('wrapup', { reason: 'the caller hung up' }))
const { phaseHistory } = await kit.state(ada)
console.log(phaseHistory.map(({ fromPhase, toPhase }) => `${fromPhase} -> ${toPhase}`))
//#endregion state

assert.equal(phaseHistory.at(-1)?.toPhase, 'wrapup')

//#region router
import { ConversationRouter, type HandoffHandler } from '@parley/kit'

const router = new ConversationRouter({
  rules: [
    { agentId: 'billing', conditions: { intents: ['bill'] }, priority: -1, name: 'bills first' },
    { agentId: 'reception', conditions: { channelTypes: ['websocket'] } },
  ],
  defaultAgentId: 'reception',
})
await using plain = new Kit()
const handler: HandoffHandler = router.install(plain, [reception, billing]) // for all rooms without one of their own
//#endregion router
assert.ok(handler.agents['billing'] !== undefined)

//#region strategies
import { Loop, Supervisor, Swarm } from '@parley/kit'

const [writer, critic, lawyer] = ['writer', 'critic', 'lawyer'].map(
  (id) => new Agent(id, { model: scriptedModel(['Fine.']) }),
)
if (writer === undefined || critic === undefined || lawyer === undefined) throw new Error('three agents were made')

const swarm = new Swarm({ agents: [reception, billing], allow: { billing: ['reception'] } })
const supervisor = new Supervisor({
  supervisor: reception,
  workers: [writer, critic],
  strategy: 'parallel',
  taskTimeoutMs: 60_000,
})
const loop = new Loop({ agent: writer, reviewers: [critic, lawyer], maxIterations: 3 })
//#endregion strategies

await plain.createRoom({ orchestration: swarm })
assert.deepEqual([supervisor.kind, loop.kind], ['supervisor', 'loop'])

//#region delegate
plain.register(critic)
const side = await plain.createRoom({ orchestration: null })
const delegation = await plain.delegate(side.id, 'critic', 'Is this letter polite? "Pay now."', {
  by: { kind: 'code', id: 'letters' },
  timeoutMs: 30_000,
})
const judged = await delegation.result
console.log(judged.status, judged.status === 'completed' ? judged.text : judged.error.code) // completed Fine.
//#endregion delegate
assert.equal(judged.status, 'completed')
assert.ok(ParleyError.isInstance(await kit.claim(ada, 'kim').catch((error: unknown) => error)))
