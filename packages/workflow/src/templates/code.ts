import type { BuiltInTemplate } from './built-in-template.ts'
import { needs } from './needs.ts'
import { contextBlock, dataRule } from './prompt-data.ts'
import { textInput } from './template-input.ts'

/** Plans and writes code, with tests and an explanation. */
export const code: BuiltInTemplate = {
  name: 'code',
  version: '1',
  description: 'Plans and writes code, then its tests and an explanation side by side.',
  input: textInput({ goal: 'What the code is to do, and in which language.' }),
  steps: [
    {
      id: 'plan',
      tier: 'balanced',
      capabilities: needs('reasoning'),
      system: dataRule,
      prompt: `Plan code for this goal.

<goal>
{{input.goal}}
</goal>
${contextBlock}

List the files, the interfaces between them with their types, the behaviours that can be tested with the test framework, and the risks with how each is met. No code yet.`,
    },
    {
      id: 'implement',
      tier: 'high',
      capabilities: needs('code_generation'),
      system: dataRule,
      prompt: `Write the code of this plan.

<goal>
{{input.goal}}
</goal>
<plan>
{{steps.plan.output}}
</plan>
${contextBlock}

Give complete code only: for each file its path on a line of its own, then the whole file in a fenced block. Nothing left out, no placeholders, no words between the files.`,
    },
    {
      id: 'test',
      tier: 'balanced',
      capabilities: needs('code_generation'),
      system: dataRule,
      prompt: `Write tests for this code.

<plan>
{{steps.plan.output}}
</plan>
<code>
{{steps.implement.output}}
</code>

One test per behaviour of the plan, named after it, with its edge cases and failures. Use the test framework that the plan names, else the usual one of the language. Test what callers can see. Give complete test files only: for each its path on a line of its own, then the whole file in a fenced block.`,
    },
    {
      id: 'explain',
      tier: 'fast',
      system: dataRule,
      prompt: `Explain this code to a colleague who will maintain it.

<plan>
{{steps.plan.output}}
</plan>
<code>
{{steps.implement.output}}
</code>

What it does, why it is built like this, and its limits. At most 200 words.`,
    },
  ],
  outputs: {
    code: '{{steps.implement.output}}',
    tests: '{{steps.test.output}}',
    explanation: '{{steps.explain.output}}',
  },
}
