import { defineTool } from '@parley/spec'
import type { AnyTool, RoomId } from '@parley/spec'
import { z } from 'zod'
import type { KitCore } from '../../core/core.ts'
import { READ_RESULT } from './delegation-notes.ts'

const PAGE_CHARACTERS = 16_000

/** The tool that reads on in a result whose note was cut. */
export function readResultTool(core: KitCore, roomId: RoomId): AnyTool {
  return defineTool({
    name: READ_RESULT,
    description: 'Reads on in the result of a delegated task that was cut, from a character offset.',
    input: z.object({ id: z.string(), offset: z.int().min(0).default(0) }),
    effect: 'pure',
    async run({ id, offset }) {
      const stored = await core.store.toolResults.get(roomId, id)
      if (stored === null) return { found: false }
      const page = stored.text.slice(offset, offset + PAGE_CHARACTERS)
      const end = offset + page.length
      return { text: page, offset, total: stored.text.length, ...(end < stored.text.length ? { nextOffset: end } : {}) }
    },
  })
}
