import { expect, test } from 'vitest'
import { openRoom, recorder, sayingAgent } from '../turns/__fixtures__/room-bench.ts'

test('CH-8 what a watching hook adds is applied: events ask nobody, to-dos and observations are kept and told', async () => {
  const web = recorder('web')
  await using bench = await openRoom([sayingAgent('agent', () => 'yes'), web])
  const told: string[] = []
  bench.kit.hook('onTaskCreated', ({ task }) => void told.push(task.title))
  bench.kit.hook('onObservation', ({ observation }) => void told.push(observation.content))
  bench.kit.observe(
    'beforeBroadcast',
    (_payload, context) => {
      context.inject({ content: { type: 'text', text: 'noted' } }, { to: ['web'] })
      context.task({ title: 'call back' })
      context.observation({ content: 'sounds upset' })
    },
    { sourceKinds: ['person'] },
  )
  await bench.kit.send(bench.roomId, { from: 'ada', text: 'hi' }, { wait: 'settled' })
  await bench.kit.settled(bench.roomId)
  expect((await bench.lines()).toSorted()).toEqual(['ada: hi', 'agent: yes', 'system: noted'])
  expect(web.texts().toSorted()).toEqual(['hi', 'noted', 'yes'])
  expect(told).toEqual(['call back', 'sounds upset'])
  expect((await bench.kit.tasks(bench.roomId)).map(({ title, status }) => [title, status])).toEqual([
    ['call back', 'pending'],
  ])
  expect((await bench.kit.observations(bench.roomId)).map(({ content, confidence }) => [content, confidence])).toEqual([
    ['sounds upset', 1],
  ])
  expect(bench.errors).toEqual([])
})

test('HK-5 a watcher of a trigger that others decide at sees what came of it, after the commit', async () => {
  await using bench = await openRoom([sayingAgent('agent', () => 'yes'), recorder('web')])
  const seen: string[] = []
  bench.kit.hook('beforeBroadcast', ({ event }) =>
    event.source.kind === 'agent' ? { action: 'block', reason: 'x.no' } : undefined,
  )
  bench.kit.observe('beforeBroadcast', async ({ event }) => {
    const stored = await bench.kit.events(bench.roomId, { after: event.index - 1, limit: 1 })
    seen.push(`${event.index} ${event.status} ${stored[0]?.id === event.id}`)
  })
  bench.kit.observe('beforeDeliver', ({ binding, event }) => void seen.push(`${binding.channelId} gets ${event.index}`))
  await bench.kit.send(bench.roomId, { from: 'ada', text: 'hi' }, { wait: 'settled' })
  await bench.kit.settled(bench.roomId)
  expect(seen.toSorted()).toEqual(['0 committed true', '1 blocked true', 'web gets 0'])
})
