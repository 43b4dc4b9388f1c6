import { createSeededIds, createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import { Kit } from '../kit.ts'
import type { Peer } from './socket-peer.ts'
import { WebSocketChannel } from './websocket-channel.ts'
import { modify } from '../hooks/hook-results.ts'

test('two browsers of one kit see the same log, and one that comes back gets it through the same hooks', async () => {
  const clock = createVirtualClock()
  const kit = new Kit({ clock, ids: createSeededIds(1) })
  const web = new WebSocketChannel()
  kit.register(web)
  const room = await kit.createRoom({ channels: ['websocket'] })
  kit.hook(
    'beforeDeliver',
    ({ content }) =>
      content.type === 'text'
        ? modify({ type: 'text' as const, text: content.text.replace('secret', '***') })
        : undefined,
    {
      sourceKinds: ['person'],
    },
  )
  const join = async (participantId: string, after?: number): Promise<{ index: number; text: string }[]> => {
    const lines: { index: number; text: string }[] = []
    const peer: Peer = {
      bufferedAmount: 0,
      send(data) {
        const { type, index, event } = JSON.parse(String(data))
        if (type === 'event' && event.type === 'message') lines.push({ index, text: event.content.text })
      },
      close() {},
    }
    await web.connect(peer, { roomId: room.id, participantId, ...(after === undefined ? {} : { after }) })
    return lines
  }
  const [ada, bob] = [await join('ada'), await join('bob')]
  await clock.advance(1)
  for (const [senderId, text] of [
    ['ada', 'hello'],
    ['bob', 'secret'],
  ] as const) {
    await kit.processInbound({ channelId: 'websocket', senderId, content: { type: 'text', text } }, { roomId: room.id })
  }
  await clock.advance(1)
  expect(ada.map(({ text }) => text)).toEqual(['hello', '***'])
  expect(bob).toEqual(ada)
  const again = await join('ada', -1)
  await clock.advance(1)
  expect(again).toEqual(ada)
  const closing = kit.close()
  await clock.advance(10_000)
  await closing
  expect(clock.pending).toBe(0)
})
