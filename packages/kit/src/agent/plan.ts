import { defineTool, type AnyTool, type Json } from '@parley/spec'
import { z } from 'zod'

const planItem = z.strictObject({ text: z.string().min(1).max(500), status: z.enum(['open', 'doing', 'done']) })

/** The plan of one turn: a tool that sets it and the text that keeps it before the model's eyes. */
export interface TurnPlan {
  readonly tool: AnyTool
  promptText(): string
}

/** Makes an empty plan. @param onUpdated - hears each new version */
export function createPlan(onUpdated: (plan: Json) => void): TurnPlan {
  let items: z.infer<typeof planItem>[] = []
  const tool = defineTool({
    name: 'update_plan',
    description: 'Writes down the whole plan anew: what is open, what is being done, what is done.',
    input: z.strictObject({ items: z.array(planItem).max(50) }),
    effect: 'idempotent',
    run(given) {
      items = given.items
      onUpdated(items)
      return { items: items.length }
    },
  })
  return {
    tool,
    promptText: () =>
      items.length === 0 ? '' : ['Plan:', ...items.map(({ text, status }) => `- [${status}] ${text}`)].join('\n'),
  }
}
