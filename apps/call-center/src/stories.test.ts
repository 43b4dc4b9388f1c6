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
  expect(request).toMatchObject({ kind: 'approval', tool: 'issue_credit', arguments: { invoiceId: 'INV-2210', cents: 7_900 } })
  expect(await room.answer('approval', 'approve')).toContain('$79.00 is credited to invoice INV-2210')
})
