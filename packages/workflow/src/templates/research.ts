import type { BuiltInTemplate } from './built-in-template.ts'
import { needs } from './needs.ts'
import { fieldsOf, listOf } from './output-schema.ts'
import { contextBlock, dataRule } from './prompt-data.ts'
import { textInput } from './template-input.ts'

/** Gathers facts, merges them, and ties each claim to its source. */
export const research: BuiltInTemplate = {
  name: 'research',
  version: '1',
  description: 'Gathers facts about a goal, merges them into a summary, and cites a source for each claim.',
  input: textInput({ goal: 'What is to be found out.' }),
  steps: [
    {
      id: 'gather',
      tier: 'balanced',
      capabilities: needs('long_context'),
      system: dataRule,
      prompt: `List the facts that bear on this goal.

<goal>
{{input.goal}}
</goal>
${contextBlock}

One fact per line: the fact, its source, its date. Prefer the context to memory. Write "source: not known" or "date: not known" where you do not know it; never make one up. End with a line "Not known:" and the questions that stay open.`,
    },
    {
      id: 'synthesize',
      tier: 'high',
      capabilities: needs('reasoning'),
      system: dataRule,
      prompt: `Merge these facts into a summary that answers the goal.

<goal>
{{input.goal}}
</goal>
<facts>
{{steps.gather.output}}
</facts>

Answer the goal first, in a few sentences; then what supports it. Put what belongs together into one place. Where facts contradict each other, say so, decide by source and date, and give the reason. Keep apart what is certain, what is likely and what is open. Add nothing that is not in the facts.`,
    },
    {
      id: 'cite',
      tier: 'balanced',
      capabilities: needs('structured_output'),
      system: dataRule,
      prompt: `Match each claim of the summary to the source that supports it.

<summary>
{{steps.synthesize.output}}
</summary>
<facts>
{{steps.gather.output}}
</facts>

Give one entry per claim: the claim in one sentence, and the source as the facts write it, with its date. Leave out claims that no fact supports, and those whose source is not known: an empty list is an answer.`,
      output_schema: fieldsOf({
        citations: listOf(fieldsOf({ claim: { type: 'string' }, source: { type: 'string' } })),
      }),
    },
  ],
  outputs: { summary: '{{steps.synthesize.output}}', citations: '{{steps.cite.output.citations}}' },
}
