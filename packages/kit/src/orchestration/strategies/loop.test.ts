import { expect, test } from 'vitest'
import { z } from 'zod'
import { say, scripted, testKit, transcript } from '../__fixtures__/orchestrated-kit.ts'
import { asked, call, verdict } from './__fixtures__/strategy-scripts.ts'
import { Loop } from './loop.ts'

test('SG-9 scenario 12: a writer and two reviewers; "not approved" is no approval, the final text comes once, marked', async () => {
  const writer = scripted('writer', ['Draft one.', 'Draft two.'])
  const style = scripted('style', ['This is not approved.', 'Approved, really.', verdict(true), verdict(true)])
  const facts = scripted('facts', [verdict(false, 'The year is wrong.'), verdict(true)])
  const { kit } = testKit()
  const room = await kit.createRoom({ orchestration: new Loop({ agent: writer, reviewers: [style, facts] }) })
  await say(kit, room.id, 'A note on Ada.')
  const said = (await kit.events(room.id, { types: ['message'] })).filter(({ source }) => source.kind === 'agent')
  expect(said.map(({ content, metadata }) => [content.type === 'text' && content.text, metadata])).toEqual([
    ['Draft two.', { approved: true, iterations: 2 }],
  ])
  expect(asked(writer, 1)).toContain('[facts] The year is wrong.')
  expect(asked(facts, 0)).toContain('Said before you')
  expect((await kit.store.findRooms({ parentRoomId: room.id })).items.length).toBe(6)
})

test('SG-9 parallel reviewers, an own verdict schema, and the last draft when the iterations are used up', async () => {
  const writer = scripted('writer', ['One.', 'Two.'])
  const own = z.object({ approved: z.boolean(), feedback: z.string(), score: z.int() })
  const strict = scripted('strict', [
    call('submit_result', {
      status: 'completed',
      summary: 'No.',
      data: { approved: false, feedback: 'More.', score: 2 },
    }),
  ])
  const { kit } = testKit()
  const room = await kit.createRoom({
    orchestration: new Loop({
      agent: writer,
      reviewers: [strict],
      strategy: 'parallel',
      maxIterations: 2,
      verdict: own,
    }),
  })
  await say(kit, room.id, 'Write.')
  const [said] = (await kit.events(room.id, { types: ['message'] })).filter(({ source }) => source.kind === 'agent')
  expect(said).toMatchObject({ content: { text: 'Two.' }, metadata: { approved: false, iterations: 2 } })
  expect(JSON.stringify(strict.script.requests[0]?.tools)).toContain('score')
})

test('SG-9 in the background the person is answered now, the final version comes later', async () => {
  const { kit, clock } = testKit()
  const author = scripted('author', [
    ({ messages }) => (JSON.stringify(messages).includes('Work on this message has begun') ? 'On it.' : 'The text.'),
  ])
  const room = await kit.createRoom({
    orchestration: new Loop({ agent: author, reviewers: [scripted('critic', [verdict(true)])], background: true }),
  })
  await say(kit, room.id, 'Write.')
  await clock.advance(1_000)
  expect((await transcript(kit, room.id)).toSorted()).toEqual(['ada: Write.', 'author: On it.', 'author: The text.'])
})
