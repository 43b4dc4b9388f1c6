import { afterAll, beforeAll, expect, test } from 'vitest'
import { createStoryWorld, type StoryRoom, type StoryWorld } from './__fixtures__/story-room.ts'

let world: StoryWorld

beforeAll(async () => {
  world = await createStoryWorld()
}, 60_000)

afterAll(async () => {
  await world.close()
})

const kim = { kind: 'person' as const, id: 'desk-kim' }

async function adaAtBilling(): Promise<StoryRoom> {
  const room = await world.open('Ada')
  await room.say('charged twice')
  await room.say('204417')
  await room.pin('4821')
  await world.kit.addMember(room.id, { id: kim.id, displayName: 'Kim', role: 'agent' })
  return room
}

test('one of two colleagues gets the room, agents fall silent, and the agent goes on after the hand back', async () => {
  const room = await adaAtBilling()
  await room.say('I want to talk to a person')
  expect((await world.kit.humanQueue()).map(({ roomId }) => roomId)).toContain(room.id)
  await world.kit.addMember(room.id, { id: 'desk-lee', displayName: 'Lee', role: 'agent' })
  expect(await world.kit.claim(room.id, kim.id)).toEqual({ ok: true })
  expect(await world.kit.claim(room.id, 'desk-lee')).toMatchObject({ ok: false, takenBy: kim.id })
  await world.kit.send(room.id, { from: kim.id, text: 'Hello Ada, Kim here.' })
  expect(await room.say('please credit it')).toBe('')

  const missing = await world.kit.handBack(
    room.id,
    { target: 'billing', payload: { topic: 'charge' }, note: 'n' },
    { by: kim },
  )
  expect(missing).toMatchObject({ accepted: false, code: 'handoff_contract' })
  const payload = {
    topic: 'charge',
    callerWords: 'charged twice',
    summary: 'Kim looked at it: one of two payments may be credited.',
  }
  // Account and verification are carried from the conversation: nobody asks for them again.
  const back = await world.kit.handBack(room.id, { target: 'billing', payload, note: 'Looked at it' }, { by: kim })
  expect(back).toMatchObject({ accepted: true, newAgentId: 'billing' })
  expect(await room.wait(100)).toContain('two payments of $79.00 for October')
  expect(await room.agent()).toBe('billing')
})

test('a colleague takes over in the middle and decides there; the caller may not', async () => {
  const room = await adaAtBilling()
  await room.say('yes')
  const [request] = await room.requests()
  if (!request) throw new Error('No approval is open.')
  await expect(
    world.kit.answerRequest(request.id, { decision: 'approve', by: { kind: 'person', id: 'caller' } }),
  ).rejects.toMatchObject({ code: 'invalid_options' })
  expect(await world.kit.takeover(room.id, kim.id)).toMatchObject({ accepted: true })
  expect(await room.say('hello?')).toBe('')
  // Decided while people speak: no agent tells it, it stands in the log for the desk.
  expect(await room.answer('approval', 'reject', { reason: 'no' })).toBe('')
  expect((await room.log()).at(-1)?.content).toMatchObject({
    type: 'system',
    code: 'request_outcome',
    data: { status: 'rejected' },
  })
  const second = await world.kit.answerRequest(request.id, { decision: 'approve', by: kim })
  expect(second).toMatchObject({ outcome: 'already_decided' })
})
