import { defineTool, type AnyTool } from '@parley/spec'
import { z } from 'zod'
import type { HarborServices } from './harbor-services.ts'

/** Passages of help articles, with titles and source ids. */
export function searchHelpTool({ help }: HarborServices): AnyTool {
  return defineTool({
    name: 'search_help',
    description:
      'Search the help articles: at most three passages. Name the article you use, and say nothing it does not say.',
    effect: 'pure',
    input: z.strictObject({ query: z.string().min(1).max(400) }),
    output: z.strictObject({
      passages: z.array(
        z.strictObject({
          sourceId: z.string(),
          title: z.string(),
          heading: z.string(),
          text: z.string(),
          updated: z.string(),
        }),
      ),
    }),
    run: async ({ query }) => ({ passages: await help.search(query, 3) }),
  })
}
