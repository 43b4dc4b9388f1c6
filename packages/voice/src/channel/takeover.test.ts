import { expect, test } from 'vitest'
import { ConversationPipeline } from '@parley/kit'
import { openCall, sayingAgent } from './__fixtures__/open-call.ts'

test('HU-4 X-4 who takes a call over does not wait for the agent to finish', async () => {
  const long = 'one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen.'
  const riley = sayingAgent('riley', long)
  await using bench = await openCall({
    agents: [riley],
    async setUp(kit, roomId) {
      const pipeline = new ConversationPipeline({ stages: [{ phase: 'intake', agentId: 'riley' }] })
      pipeline.install(kit, [riley], { roomId })
      await kit.ensureParticipant(roomId, { id: 'morgan', role: 'agent' })
    },
  })
  const { kit, clock, call, endpoint, roomId } = bench
  void endpoint.caller.sayText('tell me all')
  await clock.advance(4_000)
  expect(call.state.agent).toBe('speaking')
  const taken = kit.takeover(roomId, 'morgan')
  await clock.advance(400)
  expect(await taken).toMatchObject({ accepted: true })
  expect(call.state.agent).toBe('listening')
  expect((await kit.state(roomId)).mode).toBe('human')
  await clock.advance(3_000)
  expect(bench.heard().join(' ').length).toBeLessThan(long.length / 2)
  expect(bench.errors).toEqual([])
})
