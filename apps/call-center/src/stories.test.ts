import { afterAll, beforeAll, expect, test } from 'vitest'
import { createStoryWorld, type StoryRoom, type StoryWorld } from './__fixtures__/story-room.ts'

let world: StoryWorld

beforeAll(async () => {
  world = await createStoryWorld()
}, 60_000)

afterAll(async () => {
  await world.close()
})

async function intake(room: StoryRoom, words: string, number: string, pin: string): Promise<string> {
  expect(await room.say(words)).toContain('account number')
  expect(await room.say(number)).toContain('enter your PIN')
  return room.pin(pin)
}

test('Ada is verified, handed to billing, and her credit is decided at the desk', async () => {
  const room = await world.open('Ada')
  const billing = await intake(room, 'I was charged twice', '204417', '4821')
  expect(billing).toContain('Hi Ada, Morgan from billing.')
  expect(billing).toContain('two payments of $79.00 for October')
  expect(await room.agent()).toBe('billing')
  expect(await room.say('yes please')).toContain('decided by a colleague')
  const [request] = await room.requests()
  expect(request).toMatchObject({
    kind: 'approval',
    tool: 'issue_credit',
    arguments: { invoiceId: 'INV-2210', cents: 7_900 },
  })
  expect(await room.answer('approval', 'approve')).toContain('$79.00 is credited to invoice INV-2210')
})

test('Ben: the field the contract misses is asked for, the line test comes later, a visit is booked', async () => {
  const room = await world.open('Ben')
  expect(await intake(room, 'My internet drops every evening', '318652', '1907')).toContain('Since when is that so?')
  const hello = await room.say('for about two weeks')
  expect(hello).toContain('Hello Ben, Sam here, technical support. A line that drops.')
  expect(hello).toContain('for about two weeks')
  expect(await room.say('yes, that is right')).toContain('I test your line now')
  expect(await room.say('ok, I wait')).toContain('The test is running')
  const bad = await room.wait(7_000)
  expect(bad).toContain('the noise margin is 4.1 decibels, and the line dropped 14 times')
  expect(bad).toContain('The next free time is Monday, November 23, from 8:00 AM to 12:00 PM.')
  expect(await room.say('hmm, in the afternoon please')).toContain('Monday, November 23, from 1:00 PM to 5:00 PM')
  expect(await room.say('sure')).toMatch(/Booked: Theo comes on Monday, November 23, .* Your ticket is T-\d+/)
  const { rows } = await world.database.query(
    'SELECT day, starts FROM harbor.visits v JOIN harbor.slots s ON s.id = v.slot_id',
  )
  expect(rows).toEqual([{ day: '2026-11-23', starts: '13:00' }])
  const refused = (await world.kit.receipts(room.id, { kind: 'handoff' })).filter(({ data }) =>
    JSON.stringify(data).includes('handoff_contract'),
  )
  expect(refused.length).toBeGreaterThan(0)
})

test('Carla says why, declines the first offer and takes the second', async () => {
  const room = await world.open('Carla')
  expect(await intake(room, 'I want to cancel', '577290', '6634')).toContain('May I ask why you think of leaving?')
  const offer = await room.say('it is too expensive')
  expect(offer).toContain("Carla, I'm Jordan.")
  expect(offer).toContain('$84.00 a month instead of $99.00, for 6 months')
  expect(await room.say('no')).toContain('the Smaller plan')
  expect(await room.say('yes')).toContain('Done. The Smaller plan is on your account: $49.00 a month until')
  const { rows } = await world.database.query("SELECT offer_id, plan_id FROM harbor.accounts WHERE number = '577290'")
  expect(rows).toEqual([{ offer_id: 'smaller-plan', plan_id: 'fiber-100' }])
})

test('Dev is told of the outage, no test is run, and he is notified', async () => {
  const room = await world.open('Dev')
  expect(await room.say('Hi, my internet is down since this morning')).toContain('account number')
  expect(await room.say('Dev Patel')).toContain('enter your PIN')
  const told = await room.pin('3055')
  expect(told).toContain('There is a known outage in Riverside: a cut fiber cable. We expect it to end at 2:00 PM.')
  expect(await room.say('yes')).toMatch(/Done: you get a message when the outage is over. Your ticket is T-\d+/)
  expect(
    (await room.log()).some(({ content }) => content.type === 'toolCall' && content.name === 'run_line_test'),
  ).toBe(false)
})
