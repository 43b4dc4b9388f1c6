import { expect, test } from 'vitest'
import { Agent } from '../agent/agent.ts'
import { scripted, testKit, transcript } from './__fixtures__/orchestrated-kit.ts'
import { orchestrationOf } from './orchestration-of.ts'
import { Pipeline } from './pipeline/pipeline.ts'
import { ConversationPipeline } from './pipeline/conversation-pipeline.ts'

test('PL-6 config-only agents of a call are found, are targets without a binding, and have the tool of the present phase', async () => {
  const { kit } = testKit()
  const agents = [new Agent('triage', { role: 'Triage' }), new Agent('billing', { role: 'Billing' })]
  const stages = [
    { phase: 'a', agentId: 'triage', next: 'b' },
    { phase: 'b', agentId: 'billing' },
  ]
  const room = await kit.createRoom()
  const { handler } = new ConversationPipeline({ stages, allowHuman: false }).install(kit, agents, {
    voiceChannelId: 'phone',
    roomId: room.id,
    greetingPrompt: 'Greet.',
  })
  await handler.installed
  const access = orchestrationOf(kit)
  const present = await kit.getRoom(room.id)
  expect(access.agent(present, 'billing')).toBe(agents[1])
  expect(access.handler(present).greetingPrompt).toBe('Greet.')
  const [tool] = await access.handoffTools(room.id, 'triage')
  expect(tool?.inputJsonSchema).toMatchObject({ properties: { target: { enum: ['billing'] } } })
  expect(await access.handoffTools(room.id, 'billing')).toEqual([])
  expect(await handler.handle(room.id, 'triage', { target: 'billing', reason: 'r', summary: 's' })).toMatchObject({
    accepted: true,
    newAgentId: 'billing',
    newPhase: 'b',
  })
  expect(await access.handoffTools('nowhere', 'triage')).toEqual([])
  await kit.close()
})

test('GR-1 a channel that greets by sound is asked first', async () => {
  const { kit } = testKit()
  const room = await kit.createRoom({
    orchestration: new Pipeline({ agents: [scripted('a', ['A.'], { greeting: 'Welcome!' })] }),
  })
  const access = orchestrationOf(kit)
  const spoken: unknown[] = []
  const stop = access.speakGreetings('phone', async ({ text }) => spoken.push(text) > 0)
  const handler = access.handler(room)
  await handler.sendGreeting(room.id, { channelId: 'phone' })
  expect(spoken).toEqual(['Welcome!'])
  expect(await transcript(kit, room.id)).toEqual([])
  stop()
  await handler.sendGreeting(room.id, { channelId: 'phone' })
  expect(await transcript(kit, room.id)).toEqual(['a: Welcome!'])
  await kit.close()
})
