import { expect, test } from 'vitest'
import { say, scripted, testKit, transcript } from '../__fixtures__/orchestrated-kit.ts'
import { HandoffHandler } from '../handoff/handoff-handler.ts'
import { Pipeline } from '../pipeline/pipeline.ts'
import { ConversationRouter } from '../router/conversation-router.ts'
import { internalsOf } from '../orchestration-host.ts'

test('LA-1 LA-2 the room’s language wins over the agent’s, is logged, seen in the next turn and kept over a handover', async () => {
  const { kit } = testKit()
  const reading = ({ system = '' }: { system?: string }): string => /Always respond in (.*)/.exec(system)?.[1] ?? 'none'
  const agents = [
    scripted('a', [reading], { role: 'Desk', language: 'English' }),
    scripted('b', [reading], { role: 'Billing' }),
  ]
  const room = await kit.createRoom({ orchestration: new Pipeline({ agents }) })
  const handler = new HandoffHandler(kit, new ConversationRouter())
  expect(handler.getRoomLanguage(room, 'a')).toBe('English')
  expect(handler.getRoomLanguage(room, 'b')).toBeUndefined()
  await say(kit, room.id, 'hello')
  await handler.setLanguage(room.id, ' French ')
  await handler.setLanguage(room.id, 'French')
  await say(kit, room.id, 'bonjour')
  await kit.handoff(room.id, { target: 'b', reason: 'r', summary: 's' }, { by: { kind: 'code', id: 'x' } })
  await kit.settled(room.id)
  expect((await transcript(kit, room.id)).filter((line) => !line.startsWith('ada'))).toEqual([
    'a: English',
    'a: French',
    'b: French',
  ])
  expect(handler.getRoomLanguage(await kit.getRoom(room.id), 'a')).toBe('French')
  const changes = (await kit.events(room.id)).filter(
    ({ content }) => content.type === 'system' && content.code === 'language_changed',
  )
  expect(changes).toMatchObject([{ visibility: 'internal', content: { data: { language: 'French', former: null } } }])
  await kit.close()
})

test('LA-2 a live session that cannot speak it leaves everything as it was', async () => {
  const { kit } = testKit()
  const room = await kit.createRoom()
  const handler = new HandoffHandler(kit, new ConversationRouter())
  const applied: string[] = []
  const leave = internalsOf(kit).languages.join(room.id, {
    refuses: (language) => (language === 'Klingon' ? 'call_1' : undefined),
    apply: async (language) => void applied.push(language),
  })
  await expect(handler.setLanguage(room.id, 'Klingon')).rejects.toMatchObject({
    code: 'voice_language_unsupported',
    details: { session: 'call_1' },
  })
  expect((await kit.state(room.id)).language).toBeUndefined()
  await handler.setLanguage(room.id, 'French')
  leave()
  await handler.setLanguage(room.id, 'Klingon')
  expect(applied).toEqual(['French'])
  await expect(handler.setLanguage(room.id, 'a\nb')).rejects.toMatchObject({ code: 'language_invalid' })
  await kit.close()
})
