import { defineTool } from '@parley/spec'
import { scriptedModel } from '@parley/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { openKit } from '../__fixtures__/open-kit.ts'
import { Agent } from '../agent/agent.ts'

test.each(['tool', 'hook before it', 'hook after it', 'question'] as const)(
  'RM-2 a room that is closed during a %s ends the turn as aborted, and no error is reported',
  async (where) => {
    const tool = defineTool({
      name: 'look_up',
      description: 'Looks something up.',
      input: z.object({}),
      confirm: where === 'question',
      run: async (_input, { clock, signal }) => (where === 'tool' ? clock.sleep(1_000, { signal }) : undefined),
    })
    const model = scriptedModel([{ toolCalls: [{ name: 'look_up', arguments: {} }] }, 'done'])
    const { kit, clock, errors } = openKit({}, [new Agent('bot', { model, tools: [tool] })])
    const { id } = await kit.createRoom({ channels: ['bot'] })
    const wait = async (): Promise<void> => clock.sleep(1_000)
    if (where === 'hook before it') kit.hook('beforeToolUse', wait)
    if (where === 'hook after it') kit.hook('onToolCall', wait)
    await kit.send(id, { from: 'ada', text: 'hello' })
    await clock.advance(10)
    await kit.closeRoom(id)
    await clock.advance(5_000)
    expect(errors).toEqual([])
    expect((await kit.receipts(id, { kind: 'turn' })).map(({ data }) => (data as { end: string }).end)).toEqual([
      'aborted',
    ])
    expect((await kit.events(id)).at(-1)?.type).toBe('roomClosed')
  },
)
