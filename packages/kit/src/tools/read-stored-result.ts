import { defineTool, type AnyTool } from '@parley/spec'
import { z } from 'zod'

const PAGE_CHARACTERS = 16_000

/** The tool that pages through a result too large to be given whole. */
export function readStoredResult(readResult: (id: string) => Promise<string | null>): AnyTool {
  return defineTool({
    name: 'read_stored_result',
    description: 'Reads on in a large tool result that was cut, from a character offset.',
    input: z.strictObject({ id: z.string(), offset: z.int().min(0).default(0) }),
    effect: 'pure',
    async run({ id, offset }) {
      const text = await readResult(id)
      if (text === null) return { found: false }
      const page = text.slice(offset, offset + PAGE_CHARACTERS)
      const end = offset + page.length
      return { text: page, offset, total: text.length, ...(end < text.length ? { nextOffset: end } : {}) }
    },
  })
}
