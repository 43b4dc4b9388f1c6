import { balanceCents } from '../business/invoices.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ToolError, type AnyTool, type Json, type RequestOutcome } from '@parley/spec'
import { createToolBench, type BenchRoom, type ToolBench } from '../__fixtures__/tool-bench.ts'
import { toolsOf } from '../agents/create-agents.ts'
import { agentProfiles } from '../agents/agent-profiles.ts'

const [ada, ben, carla, dev] = ['acc-01', 'acc-02', 'acc-03', 'acc-04'] as const
let bench: ToolBench
let tools: Map<string, AnyTool>

beforeAll(async () => {
  bench = await createToolBench()
  tools = new Map(agentProfiles.flatMap(({ id }) => toolsOf(id, bench.services)).map((tool) => [tool.name, tool]))
}, 30_000)

afterAll(async () => {
  await bench.close()
})

function named(name: string): AnyTool {
  const tool = tools.get(name)
  if (!tool) throw new Error(`There is no tool ${name}.`)
  return tool
}

async function verifiedRoom(accountId: string): Promise<BenchRoom> {
  const room = bench.openRoom()
  await room.verify(accountId)
  return room
}

test('the agents have the tools of their scope, with the effects the business promises', () => {
  expect(
    Object.fromEntries(
      agentProfiles.map(({ id }) => [
        id,
        toolsOf(id, bench.services)
          .map(({ name }) => name)
          .join(' '),
      ]),
    ),
  ).toEqual({
    triage: 'find_account verify_caller search_help',
    billing: 'list_invoices explain_invoice issue_credit search_help',
    technical: 'area_outage run_line_test reboot_modem open_ticket list_slots schedule_visit search_help',
    retention: 'list_offers apply_offer change_plan open_ticket',
    supervisor: 'note request_human',
  })
  const facts = [...tools.values()].map(({ name, effect, background, confirm }) =>
    [name, effect, background ? 'background' : '', confirm ? 'confirm' : ''].filter(Boolean).join(' '),
  )
  expect(facts.toSorted()).toEqual([
    'apply_offer effectful confirm',
    'area_outage pure',
    'change_plan effectful confirm',
    'explain_invoice pure',
    'find_account pure',
    'issue_credit idempotent',
    'list_invoices pure',
    'list_offers pure',
    'list_slots pure',
    'note effectful',
    'open_ticket idempotent',
    'reboot_modem idempotent',
    'request_human effectful',
    'run_line_test idempotent background',
    'schedule_visit idempotent',
    'search_help pure',
    'verify_caller effectful',
  ])
})

test.each<[string, Json]>([
  ['list_invoices', { accountId: ada }],
  ['explain_invoice', { invoiceId: 'INV-2210' }],
  ['issue_credit', { invoiceId: 'INV-2210', cents: 100, reason: 'r' }],
  ['area_outage', { accountId: ada }],
  ['run_line_test', { accountId: ada }],
  ['reboot_modem', { accountId: ada }],
  ['open_ticket', { accountId: ada, kind: 'other', summary: 's' }],
  ['list_offers', { accountId: ada }],
  ['apply_offer', { accountId: ada, offerId: 'loyal-15' }],
  ['change_plan', { accountId: ada, planId: 'fiber-50' }],
])('%s refuses a caller who is verified for another account', async (name, input) => {
  const room = await verifiedRoom(ben)
  await expect(room.run(named(name), input)).rejects.toThrow(ToolError)
})

test('find_account: exact number, name, phone; several matches give initials and city alone', async () => {
  const room = bench.openRoom()
  const find = (input: Json): Promise<Json> => room.run(named('find_account'), input)
  expect(await find({ number: '204-417' })).toEqual({ accountId: ada, firstName: 'Ada' })
  expect(await find({ name: 'ben okafor' })).toEqual({ accountId: ben })
  await expect(find({ number: '000000' })).rejects.toThrow('No account was found')
  await bench.services.database.query(
    "UPDATE harbor.accounts SET first_name = 'Zoe', last_name = 'Quist' WHERE id IN ('acc-39', 'acc-40')",
  )
  const several = await find({ name: 'Zoe Quist' })
  expect(several).toMatchObject({ matches: [{ initials: 'Z. Q.' }, { initials: 'Z. Q.' }] })
  expect(JSON.stringify(several)).not.toMatch(/\d|acc/)
})

test('verify_caller asks for the PIN itself, three times in a room, and tells only whether it was right', async () => {
  const room = bench.openRoom()
  const answer = (value: string): void => void room.answers.push({ status: 'answered', value })
  answer('0000')
  answer('4821')
  expect(await room.run(named('verify_caller'), { accountId: ada })).toEqual({ verified: true, attemptsLeft: 2 })
  expect(room.prompts[1]).toContain('2 tries left')
  expect((await room.handle.state()).context).toMatchObject({ accountId: ada, verified: true })
  expect(await room.run(named('verify_caller'), { accountId: ada })).toEqual({ verified: true, attemptsLeft: 2 })
  expect(room.prompts).toHaveLength(2)

  const locked = bench.openRoom()
  expect(await locked.run(named('verify_caller'), { accountId: ada })).toEqual({ verified: false, attemptsLeft: 3 })
  for (const value of ['1111', '2222', '3333']) locked.answers.push({ status: 'answered', value })
  expect(await locked.run(named('verify_caller'), { accountId: ada })).toEqual({ verified: false, attemptsLeft: 0 })
  locked.answers.push({ status: 'answered', value: '4821' })
  expect(await locked.run(named('verify_caller'), { accountId: ada })).toEqual({ verified: false, attemptsLeft: 0 })
  expect(locked.prompts).toHaveLength(4)
  expect(JSON.stringify((await locked.handle.state()).toJSON())).not.toMatch(/1111|2222|3333|4821/)
})

test('list_invoices and explain_invoice show lines and what was paid twice', async () => {
  const room = await verifiedRoom(ada)
  expect(await room.run(named('list_invoices'), { accountId: ada })).toMatchObject({
    firstName: 'Ada',
    duplicates: [{ invoiceId: 'INV-2210', month: 'October', cents: 7_900 }],
    openCents: 0,
  })
  expect(await room.run(named('explain_invoice'), { invoiceId: 'INV-2210' })).toMatchObject({
    lines: [{ label: 'Fiber 300, one month', cents: 7_900, kind: 'plan' }],
    hasProRata: false,
    duplicate: { secondPaidOn: '2026-10-14' },
  })
  await expect(room.run(named('explain_invoice'), { invoiceId: 'INV-1' })).rejects.toThrow('There is no invoice')
})

test('issue_credit: small at once and once per call, above the invoice refused, above 30 days of 2500 cents a colleague decides', async () => {
  const room = await verifiedRoom(carla)
  const { database } = bench.services
  const { rows } = await database.query<{ id: string }>(
    'SELECT id FROM harbor.invoices WHERE account_id = $1 ORDER BY month DESC',
    [carla],
  )
  const invoiceId = rows[0]?.id ?? ''
  const credit = named('issue_credit')
  const ask = (cents: number, key?: string): Promise<Json> => room.run(credit, { invoiceId, cents, reason: 'r' }, key)
  const before = await balanceCents(database, carla)
  const once = await ask(1_500, 'turn_1:0')
  expect(once).toMatchObject({ status: 'credited', cents: 1_500 })
  expect(await ask(1_500, 'turn_1:0')).toEqual(once)
  expect((await database.query('SELECT 1 FROM harbor.credits WHERE account_id = $1', [carla])).rows).toHaveLength(1)
  expect((await balanceCents(database, carla)) - before).toBe(-1_500)
  expect(await ask(9_000)).toMatchObject({ status: 'refused', field: 'cents', mostCents: 8_400 })
  expect(room.approvals).toEqual([])
  expect(await ask(1_001)).toEqual({ status: 'pending', requestId: 'req_1' })
  expect(room.approvals).toEqual([{ timeoutMs: 600_000 }])
  expect(await ask(1_000)).toMatchObject({ status: 'credited', cents: 1_000 })
  await expect(ask(0)).rejects.toThrow('arguments')
})

test('issue_credit: each decision ends the run of its call and is told as it ended', async () => {
  const room = await verifiedRoom(ada)
  const credit = named('issue_credit')
  const terms = { invoiceId: 'INV-2210', cents: 7_900, reason: 'twice' }
  const by = { kind: 'person', id: 'kim' } as const
  const decide = async (key: string, decision: RequestOutcome, decided = terms): Promise<unknown> => {
    await room.run(credit, terms, key)
    // The tool's own schema would have parsed the terms.
    return credit.onDecision?.(decision, decided as never, room.contextOf(key))
  }
  expect(await decide('turn_2:0', { status: 'rejected', by, reason: 'no' })).toEqual({
    status: 'rejected',
    reason: 'no',
  })
  expect(await decide('turn_3:0', { status: 'cancelled', reason: 'room_closed' })).toEqual({ status: 'cancelled' })
  expect((await bench.engine.get('credit_turn_3_0'))?.status).toBe('cancelled')
  await room.run(credit, terms, 'turn_4:0')
  await bench.clock.advance(600_000)
  expect(await decide('turn_4:0', { status: 'expired' })).toEqual({ status: 'expired' })
  expect(await decide('turn_5:0', { status: 'approved', by }, { ...terms, cents: 4_000 })).toMatchObject({
    status: 'credited',
    cents: 4_000,
  })
  // What else may be decided of the same call changes nothing any more.
  expect(await decide('turn_5:0', { status: 'rejected', by })).toMatchObject({ status: 'credited', cents: 4_000 })
  expect(bench.told.at(-1)).toBe('Good news: $40.00 is credited to invoice INV-2210.')
})

test('area_outage knows the one in Riverside', async () => {
  const room = await verifiedRoom(ben)
  expect(await room.run(named('area_outage'), { accountId: ben })).toEqual({
    firstName: 'Ben',
    area: 'Old Town',
    outage: null,
  })
  const other = await verifiedRoom(dev)
  // The bench's clock has moved on; a start moves the outages with it.
  await bench.services.database.query("UPDATE harbor.outages SET expected_end = '2999-01-01T00:00:00.000Z'")
  expect(await other.run(named('area_outage'), { accountId: dev })).toMatchObject({
    firstName: 'Dev',
    outage: { cause: 'a cut fiber cable' },
  })
})

test('run_line_test takes its time, tells what it does, and can be stopped', async () => {
  const room = await verifiedRoom(ben)
  const running = room.run(named('run_line_test'), { accountId: ben })
  await bench.clock.advance(5_900)
  expect(room.progress).toHaveLength(3)
  await bench.clock.advance(200)
  expect(await running).toEqual({ attenuationDb: 48.2, noiseMarginDb: 4.1, drops24h: 14, verdict: 'bad' })
  expect(await room.run(named('reboot_modem'), { accountId: ben })).toMatchObject({ restarted: true })
})

test('schedule_visit: of two who want a time one gets it, the other is offered the next', async () => {
  const [first, second] = [await verifiedRoom(ben), await verifiedRoom(carla)]
  const open = (room: BenchRoom, accountId: string): Promise<Json> =>
    room.run(named('open_ticket'), { accountId, kind: 'line', summary: 's' }, `ticket-${accountId}`)
  const [mine, theirs] = (await Promise.all([open(first, ben), open(second, carla)])) as { ticketId: string }[]
  expect(await open(first, ben)).toEqual(mine)
  await bench.services.database.query('DELETE FROM harbor.slots WHERE ticket_id IS NULL')
  await bench.services.database.query(
    "INSERT INTO harbor.slots (id, day, starts, ends, technician) VALUES ('s1', '2999-01-01', '08:00', '12:00', 'Noor'), ('s2', '2999-01-01', '13:00', '17:00', 'Theo')",
  )
  const listed = (await first.run(named('list_slots'), {})) as { slots: { slotId: string; part: string }[] }
  expect(listed.slots.map(({ slotId, part }) => [slotId, part])).toEqual([
    ['s1', 'morning'],
    ['s2', 'afternoon'],
  ])
  expect(await first.run(named('list_slots'), { part: 'afternoon' })).toMatchObject({ slots: [{ slotId: 's2' }] })
  const book = (room: BenchRoom, ticket: { ticketId: string } | undefined, slotId: string): Promise<Json> =>
    room.run(named('schedule_visit'), { ticketId: ticket?.ticketId ?? '', slotId })
  const results = (await Promise.all([book(first, mine, 's1'), book(second, theirs, 's1')])) as { booked: boolean }[]
  expect(results.filter(({ booked }) => booked)).toHaveLength(1)
  expect(results.find(({ booked }) => !booked)).toMatchObject({ nextSlots: [{ slotId: 's2' }] })
  const winner = results[0]?.booked === true ? book(first, mine, 's1') : book(second, theirs, 's1')
  expect(await winner).toMatchObject({ booked: true, slotId: 's1' })
  await expect(book(first, mine, 'nowhere')).rejects.toThrow('There is no such time')
  await expect(book(second, mine, 's2')).rejects.toThrow('not verified')
})

test('offers lower the price, are applied once, and a plan can be changed', async () => {
  const room = await verifiedRoom(carla)
  expect(await room.run(named('list_offers'), { accountId: carla, reason: 'moving' })).toMatchObject({
    firstName: 'Carla',
    offers: [{ offerId: 'moving-box', currentCents: 9_900, monthlyCents: 8_900 }],
  })
  expect(await room.run(named('apply_offer'), { accountId: carla, offerId: 'smaller-plan' })).toMatchObject({
    applied: true,
    monthlyCents: 4_900,
  })
  await expect(room.run(named('apply_offer'), { accountId: carla, offerId: 'smaller-plan' })).rejects.toThrow(
    'no such offer',
  )
  expect(await room.run(named('change_plan'), { accountId: carla, planId: 'fiber-50' })).toEqual({
    changed: true,
    planName: 'Fiber 50',
    monthlyCents: 3_900,
  })
  await expect(room.run(named('change_plan'), { accountId: carla, planId: 'gold' })).rejects.toThrow(
    'The plans are fiber-50',
  )
})

test('search_help gives at most three passages with title and source', async () => {
  const room = bench.openRoom()
  const found = (await room.run(named('search_help'), { query: 'how long does a refund take' })) as {
    passages: { sourceId: string; title: string }[]
  }
  expect(found.passages[0]).toMatchObject({ title: 'Refund times', sourceId: 'refund-times#1' })
  expect(found.passages.length).toBeLessThanOrEqual(3)
})

test('the supervisor notes unseen and asks for a colleague with the contract of the desk', async () => {
  const room = await verifiedRoom(ada)
  expect(await room.run(named('note'), { text: 'watch this' })).toEqual({ noted: true })
  expect(room.sent).toMatchObject([{ type: 'note', visibility: 'internal' }])
  expect(
    await room.run(named('request_human'), { reason: 'why', urgency: 'high', tried: ['a'], summary: 's' }),
  ).toEqual({ asked: true })
  expect(room.handoffs).toMatchObject([
    { target: 'human', urgent: true, payload: { accountId: ada, urgency: 'high', tried: ['a'] } },
  ])
})
