import type { BuiltInTemplate } from './built-in-template.ts'
import { needs } from './needs.ts'
import { contextBlock, dataRule } from './prompt-data.ts'
import { textInput } from './template-input.ts'

/** Improves code without changing what it does. */
export const refactor: BuiltInTemplate = {
  name: 'refactor',
  version: '1',
  description: 'Improves code in the smallest way that reaches a goal, as a unified diff.',
  input: textInput({ goal: 'What should be better about the code.', code: 'The code, with the paths of its files.' }),
  steps: [
    {
      id: 'analyze',
      tier: 'balanced',
      capabilities: needs('code_generation'),
      system: dataRule,
      prompt: `Read this code with the goal in mind.

<goal>
{{input.goal}}
</goal>
<code>
{{input.code}}
</code>
${contextBlock}

List what stands in the way of the goal, each with its place, and what must stay as it is: public names, formats, order of effects, errors.`,
    },
    {
      id: 'propose',
      tier: 'high',
      capabilities: needs('reasoning'),
      system: dataRule,
      prompt: `Propose the smallest set of changes that reaches the goal.

<goal>
{{input.goal}}
</goal>
<code>
{{input.code}}
</code>
<analysis>
{{steps.analyze.output}}
</analysis>

Order the changes so that each leaves the code working. For each: what, where, why it keeps behaviour. Leave out what the goal does not need.`,
    },
    {
      id: 'apply',
      tier: 'high',
      capabilities: needs('code_generation'),
      system: dataRule,
      prompt: `Apply the proposal to the code.

<code>
{{input.code}}
</code>
<proposal>
{{steps.propose.output}}
</proposal>

Give one unified diff and nothing else, not even a fence: for each file the lines "--- a/<path>" and "+++ b/<path>", then hunks with line numbers and three lines of context, copied exactly from the code. Behaviour stays the same. Touch no line that the proposal does not name.`,
    },
  ],
  outputs: { diff: '{{steps.apply.output}}' },
}
