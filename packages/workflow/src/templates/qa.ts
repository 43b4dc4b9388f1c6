import type { BuiltInTemplate } from './built-in-template.ts'
import { needs } from './needs.ts'
import { fieldsOf, listOf } from './output-schema.ts'
import { contextBlock, dataRule } from './prompt-data.ts'
import { contextField } from './template-input.ts'

/** Answers a question from passages, and cites them. */
export const qa: BuiltInTemplate = {
  name: 'qa',
  version: '1',
  description: 'Answers a question from the passages of a collection, or from the context, with citations.',
  input: {
    type: 'object',
    properties: {
      question: { type: 'string', minLength: 1, description: 'The question.' },
      collection: {
        type: 'string',
        minLength: 1,
        description: 'Where passages are looked for. Absent: the context alone.',
      },
      ...contextField,
    },
    required: ['question'],
  },
  steps: [
    {
      id: 'retrieve',
      condition: 'input.collection != null',
      rag: { query: '{{input.question}}', collection: '{{input.collection ?? ""}}', store: 'results' },
    },
    {
      id: 'answer',
      tier: 'balanced',
      capabilities: needs('structured_output'),
      system: dataRule,
      prompt: `Answer the question from the material, and from nothing else.

<question>
{{input.question}}
</question>
<passages>
{{steps.retrieve.output ?? "(none)"}}
</passages>
${contextBlock}

In "text": the answer, each statement followed by the id of the passage that supports it in square brackets, [context] for the context. If the material does not hold the answer, say so plainly, say what it does hold on the matter, and give no other. In "citations": each id that stands in "text", once, without brackets; an empty list where nothing is cited.`,
      output_schema: fieldsOf({ text: { type: 'string' }, citations: listOf({ type: 'string' }) }),
    },
  ],
  outputs: { answer: '{{steps.answer.output}}' },
}
