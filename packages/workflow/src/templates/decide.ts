import type { BuiltInTemplate } from './built-in-template.ts'
import { needs } from './needs.ts'
import { fieldsOf, listOf } from './output-schema.ts'
import { contextBlock, dataRule } from './prompt-data.ts'
import { textInput } from './template-input.ts'

const score = fieldsOf({
  criterion: { type: 'string' },
  weight: { type: 'number', minimum: 0, maximum: 1 },
  score: { type: 'number', minimum: 0, maximum: 10 },
})
const scores = listOf(fieldsOf({ option: { type: 'string' }, total: { type: 'number' }, criteria: listOf(score) }))

/** Weighs options and recommends one. */
export const decide: BuiltInTemplate = {
  name: 'decide',
  version: '1',
  description: 'Finds options for a decision, scores them by weighted criteria, and recommends one.',
  input: textInput({ goal: 'What is to be decided, and what matters.' }),
  steps: [
    {
      id: 'options',
      tier: 'balanced',
      system: dataRule,
      prompt: `Find options for this decision.

<goal>
{{input.goal}}
</goal>
${contextBlock}

Give 3 to 5 options that are truly different; doing nothing may be one. For each: its name, what it means in practice, what it costs, what it rules out.`,
    },
    {
      id: 'score',
      tier: 'high',
      capabilities: needs('reasoning', 'structured_output'),
      system: dataRule,
      prompt: `Score the options.

<goal>
{{input.goal}}
</goal>
<options>
{{steps.options.output}}
</options>
${contextBlock}

Take 3 to 6 criteria from the goal. Give each a weight above 0, the same for all options; the weights add up to 1. Score every option from 0 (worst) to 10 (best) on every criterion; a low cost is a high score. Its total is the sum of weight times score. Name the options as they are named above.`,
      output_schema: fieldsOf({ scores }),
    },
    {
      id: 'justify',
      tier: 'balanced',
      system: dataRule,
      prompt: `Recommend one option.

<goal>
{{input.goal}}
</goal>
<options>
{{steps.options.output}}
</options>
<scores>
{{steps.score.output.scores}}
</scores>

Give the name of the option in "choice", written as in the scores, and repeat the scores unchanged in "scores". In "justification": why this one, also where another one has the higher total, then the strongest argument against it, and what would change the recommendation.`,
      output_schema: fieldsOf({ choice: { type: 'string' }, scores, justification: { type: 'string' } }),
    },
  ],
  outputs: { decision: '{{steps.justify.output}}' },
}
