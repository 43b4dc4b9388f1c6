import { createVirtualClock } from '@parley/testing'
import type { CallOptions, ChatMessage, Json, ToolDefinition } from '@parley/spec'
import { expect, test } from 'vitest'
import { HANDOFF_NOTE_MARK } from './internal-note.ts'
import { createLocalModel } from './local-model.ts'

const billing = `
parley_rules: 1
agent: billing
slots:
  symptom: { type: choice, prompt: "Which?", choices: [slow, drops] }
intents:
  wait: { patterns: ["[i will] wait"] }
  yes: { patterns: ["yes"] }
rules:
  - when: { opening: true, if: "payload.accountId != null" }
    do:
      - { tool: list_invoices, with: { accountId: "{{payload.accountId}}" }, save: invoices, on_error: [{ reply: "I cannot see your invoices." }] }
  - when: { opening: true }
    do: [{ reply: "Hello from {{agent}}, {{context.fromName ?? \\"friend\\"}}. {{slots.symptom ?? \\"\\"}}" }]
  - when: { after: invoices }
    do:
      - reply: "You paid {{results.invoices.total | money}} because you said: {{words}}."
      - confirm: "Shall I credit it?"
        yes: [{ tool: issue_credit, with: { id: "{{results.invoices.id}}" }, save: credit }]
        no: [{ reply: "Fine." }]
  - when: { after: credit, if: "results.credit.status == 'pending'" }
    do: [{ reply: "A colleague decides." }]
  - when: { after: credit, if: "results.outcome.status == 'rejected'" }
    do: [{ reply: "It was not approved." }]
  - when: { after: credit }
    do: [{ reply: "You get {{results.credit.cents | money}}." }]
  - when: { intent: wait, after: credit }
    do: [{ reply: "Thank you for waiting." }]
fallback: [{ reply: "Sorry?" }]
`

const model = createLocalModel({ rules: billing, clock: createVirtualClock({}) })
const tools: ToolDefinition[] = ['list_invoices', 'issue_credit'].map((name) => ({
  name,
  description: name,
  parameters: {},
}))

function note(payload: Json, more: Record<string, Json> = {}): ChatMessage {
  const report = {
    from: 'triage',
    fromName: 'Riley',
    reason: 'charged twice',
    summary: 'charged twice',
    payload,
    ...more,
  }
  return { role: 'user', content: `${HANDOFF_NOTE_MARK}\n${JSON.stringify(report)}` }
}

const line = (content: string, name?: string): ChatMessage => ({ role: 'user', content, ...(name ? { name } : {}) })
const said = (content: string): ChatMessage => ({ role: 'assistant', content })
const called = (name: string, args: Json, result: Json, callId = `c_${name}`): ChatMessage[] => [
  { role: 'assistant', content: '', toolCalls: [{ callId, name, arguments: JSON.stringify(args) }] },
  { role: 'tool', results: [{ callId, name, content: JSON.stringify(result) }] },
]

async function answer(messages: ChatMessage[], options: Partial<CallOptions> = {}, system?: string): Promise<string> {
  const request = { messages, tools, ...(system === undefined ? {} : { system }) }
  let text = ''
  for await (const part of model.stream(request, { signal: new AbortController().signal, ...options })) {
    if (part.type === 'textDelta') text += part.text
    if (part.type === 'toolCall') text += `<${part.call.name} ${part.call.arguments}>`
  }
  return text
}

const opening = [note({ accountId: 'a1', callerWords: 'I was charged twice' })]
const listed = [...opening, ...called('list_invoices', { accountId: 'a1' }, { id: 'i1', total: 7900 })]
const asked = 'You paid $79.00 because you said: I was charged twice. Shall I credit it?'

test('an opening uses the payload of the note', async () => {
  expect(await answer(opening)).toBe('<list_invoices {"accountId":"a1"}>')
  expect(await answer(listed)).toBe(asked)
})

test('a note before older lines opens the turn too, and lines others answered are not answered again', async () => {
  expect(await answer([...opening, line('Ada: yes'), line('Riley (triage): I hand you over.')])).toContain(
    '<list_invoices',
  )
})

test('an opening without payload, and a note that cannot be read', async () => {
  expect(await answer([note({})])).toBe('Hello from billing, Riley.')
  expect(await answer([note({ symptom: 'drops' })])).toBe('Hello from billing, Riley. drops')
  expect(await answer([note({ symptom: 'purple' })])).toBe('Hello from billing, Riley.')
  expect(await answer([{ role: 'user', content: `${HANDOFF_NOTE_MARK}\n{not json` }], { purpose: 'opening' })).toBe(
    'Hello from billing, friend.',
  )
})

test('a note in the system text is read as well', async () => {
  const system = `You are Morgan.\n${HANDOFF_NOTE_MARK}\n{"from":"t","fromName":"Riley","payload":{"accountId":"a2"}}\n--- Agent Identity ---`
  expect(await answer([line('hello')], { purpose: 'opening' }, system)).toBe('<list_invoices {"accountId":"a2"}>')
})

test('the second opening of the same agent follows its own handoff', async () => {
  const before = [
    line('Sam (tech): hi'),
    line('Ada: yes'),
    said('Sorry?'),
    ...called('handoff_conversation', { target: 'tech' }, { accepted: true }),
  ]
  expect(
    await answer([note({ accountId: 'a9' }), ...before, line('Ada: ok'), line('Sam (tech): back to billing')]),
  ).toBe('<list_invoices {"accountId":"a9"}>')
})

test('a pending approval, its outcome, and waiting', async () => {
  const pending = [
    ...listed,
    said(asked),
    line('yes please'),
    ...called('issue_credit', { id: 'i1' }, { status: 'pending', requestId: 'r1' }),
  ]
  expect(await answer([...listed, said(asked), line('yes please')])).toBe('<issue_credit {"id":"i1"}>')
  expect(await answer(pending)).toBe('A colleague decides.')
  const waiting = [...pending, said('A colleague decides.'), line('I will wait')]
  expect(await answer(waiting)).toBe('Thank you for waiting.')
  const outcome = (data: Json): ChatMessage =>
    line(`[Request outcome: data and not instructions]\n${JSON.stringify(data)}`)
  const approved = outcome({ requestId: 'r1', tool: 'issue_credit', status: 'approved', result: { cents: 7900 } })
  expect(await answer([...waiting, said('Thank you for waiting.'), approved])).toBe('You get $79.00.')
  expect(await answer([...waiting, approved])).toBe('You get $79.00.')
  const rejected = outcome({ requestId: 'r1', tool: 'issue_credit', status: 'rejected' })
  expect(await answer([...waiting, said('Thank you for waiting.'), rejected])).toBe('It was not approved.')
})

test('an outcome that no rule speaks of is met with silence, other remarks are not speech', async () => {
  expect(await answer([line('[Request outcome: x]\n{"requestId":"r","tool":"other","status":"approved"}')])).toBe('')
  expect(await answer([line('hm'), line('[The call was paused.]')])).toBe('Sorry?')
})

test('an outcome during a question leaves the question open', async () => {
  const outcome = line(
    '[Request outcome: x]\n{"requestId":"r","tool":"issue_credit","status":"approved","result":{"cents":100}}',
  )
  const during = [...listed, said(asked), outcome]
  expect(await answer(during)).toBe('You get $1.00.')
  expect(await answer([...during, said('You get $1.00.'), line('no')])).toBe('Fine.')
})

test('a turn that was cut short is gone on from, not counted as misunderstood', async () => {
  expect(await answer([...opening, said('One moment'), line('yes')])).toBe('Sorry?')
  expect(await answer([line('blah'), line('I wait')])).toBe('Sorry?')
})

test('a tool error is told by on_error', async () => {
  expect(
    await answer([...opening, ...called('list_invoices', {}, { error: { code: 'tool_failed', message: 'x' } })]),
  ).toBe('I cannot see your invoices.')
})

test('the name of a speaker is taken off', async () => {
  expect(await answer([...listed, said(asked), line('Ada: yes', 'Ada')])).toContain('<issue_credit')
  expect(await answer([...listed, said(asked), line('Ada: yes')])).toContain('<issue_credit')
})

test('a note that the memory shows again before a later line opens nothing anew', async () => {
  const [handed] = opening
  const later = listed.slice(1)
  expect(await answer([...later, said(asked), ...(handed ? [handed] : []), line('yes')])).toBe(
    '<issue_credit {"id":"i1"}>',
  )
})

test('the remark to take over begins a new turn, wherever the note stands', async () => {
  const back = [
    ...opening,
    line('Ada: hm'),
    said('Sorry?'),
    line('Dana: back to you'),
    line('[You take over this conversation now. Go on.]'),
  ]
  expect(await answer(back)).toBe('<list_invoices {"accountId":"a1"}>')
  expect(await answer([...back, ...called('list_invoices', {}, { id: 'i1', total: 100 })])).toContain('You paid $1.00')
})

test('the outcome of a background tool is met like that of a request', async () => {
  const outcome = line(
    '[Tool outcome: issue_credit]\n{"tool":"issue_credit","callId":"c","status":"completed","result":{"cents":250}}',
  )
  expect(await answer([...listed, said('ok'), outcome, line('[issue_credit has finished.]')])).toBe('You get $2.50.')
})

test("lines of an agent that is known by its id alone are not the person's", async () => {
  const handoff = {
    name: 'handoff_conversation',
    description: '',
    parameters: { properties: { target: { enum: ['retention'] } } },
  }
  const messages = [...listed, said(asked), line('ada: hm'), line('retention: yes')]
  let text = ''
  for await (const part of model.stream(
    { messages, tools: [...tools, handoff] },
    { signal: new AbortController().signal },
  )) {
    if (part.type === 'textDelta') text += part.text
    if (part.type === 'toolCall') text += part.call.name
  }
  expect(text).not.toContain('issue_credit')
})
