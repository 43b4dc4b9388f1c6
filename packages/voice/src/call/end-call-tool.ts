import { defineTool, type Tool } from '@parley/spec'
import { z } from 'zod'
import type { CallSession } from './call-types.ts'

/** What the tool needs of a voice channel. */
export interface EndsCalls {
  readonly calls: readonly CallSession[]
}

const input: z.ZodObject<{ goodbye: z.ZodOptional<z.ZodString> }> = z.strictObject({
  goodbye: z.string().max(300).optional().describe('One short sentence that is said before the line closes.'),
})

/**
 * Makes the tool `endCall`: an agent says goodbye, it is heard (at most 8 s), and the line closes. It ends the turn: what
 * the agent has said before it is heard first.
 */
export function createEndCallTool(voice: EndsCalls): Tool<{ goodbye?: string | undefined }> {
  return defineTool({
    name: 'endCall',
    description: 'Ends the phone call after a goodbye. Use it when the person has said goodbye or wants nothing more.',
    input,
    endsTurn: true,
    run: ({ goodbye }, { room }) => {
      const live = voice.calls.filter(({ roomId, state }) => roomId === room.id && !state.isEnded)
      // Waiting for it here would wait for the very reply that this tool is part of.
      for (const call of live) void call.end(goodbye === undefined ? {} : { goodbye })
      return live.length === 0 ? 'There is no call in this room.' : 'The call ends after the goodbye.'
    },
  })
}
