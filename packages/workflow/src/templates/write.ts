import type { BuiltInTemplate } from './built-in-template.ts'
import { contextBlock, dataRule } from './prompt-data.ts'
import { textInput } from './template-input.ts'

/** Outlines, drafts and polishes a text. */
export const write: BuiltInTemplate = {
  name: 'write',
  version: '1',
  description: 'Writes a text: an outline, a draft from it, and a polished version.',
  input: textInput({ goal: 'What is to be written, for whom, and how long.' }),
  steps: [
    {
      id: 'outline',
      tier: 'fast',
      system: dataRule,
      prompt: `Outline a text.

<goal>
{{input.goal}}
</goal>
${contextBlock}

Name the audience and what it should know or do afterwards. Then list the points in the order in which they are made, one line each.`,
    },
    {
      id: 'draft',
      tier: 'high',
      system: dataRule,
      prompt: `Write the text from its outline.

<goal>
{{input.goal}}
</goal>
<outline>
{{steps.outline.output}}
</outline>
${contextBlock}

Follow the order of the outline. Use only facts of the goal and the context. Give the text alone, without notes about it.`,
    },
    {
      id: 'polish',
      tier: 'balanced',
      system: dataRule,
      prompt: `Polish this draft.

<goal>
{{input.goal}}
</goal>
<draft>
{{steps.draft.output}}
</draft>

Correct spelling and grammar, tighten sentences, remove repetition. Keep meaning, facts, tone and language. Give the text alone.`,
    },
  ],
  outputs: { draft: '{{steps.polish.output}}' },
}
