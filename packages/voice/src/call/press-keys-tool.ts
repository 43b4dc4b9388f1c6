import { defineTool, type Tool } from '@parley/spec'
import { z } from 'zod'
import type { EndsCalls } from './end-call-tool.ts'

const input: z.ZodObject<{ keys: z.ZodString }> = z.strictObject({
  keys: z
    .string()
    .regex(/^[0-9*#w]{1,32}$/)
    .describe('Keys to press, in order; w waits half a second.'),
})

/** Makes the tool `pressKeys`: an agent finds its way through a telephone menu (AM-3). */
export function createPressKeysTool(voice: EndsCalls): Tool<{ keys: string }> {
  return defineTool({
    name: 'pressKeys',
    description: 'Presses keys of the telephone in the call of this conversation, to answer a menu.',
    input,
    run: async ({ keys }, { room }) => {
      const call = voice.calls.find(({ roomId, state }) => roomId === room.id && !state.isEnded)
      if (call === undefined) return 'There is no call in this room.'
      if ((await call.press(keys)) === 'pressed') return 'The keys were pressed.'
      return 'Nothing was pressed: the same menu was heard three times. Wait for a person, or end the call.'
    },
  })
}
