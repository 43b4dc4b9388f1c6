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

Name the audience, what it should know or do afterwards, the tone and the length, as the goal says or as fits it. Then list the points in the order in which they are made, one line each.`,
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

Follow the order, tone and length of the outline. State no facts but those of the goal and the context, and what everybody knows. Give the text alone, without notes about it.`,
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

Correct spelling and grammar, tighten sentences, remove repetition. Keep meaning, facts, tone, form and language, and the length that the goal asks for. Give the text alone.`,
    },
  ],
  outputs: { draft: '{{steps.polish.output}}' },
}
