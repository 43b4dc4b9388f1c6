import type { BuiltInTemplate } from './built-in-template.ts'
import { needs } from './needs.ts'
import { fieldsOf } from './output-schema.ts'
import { contextBlock, dataRule } from './prompt-data.ts'
import { contextField } from './template-input.ts'

/** Gives a text one label of a list. */
export const classify: BuiltInTemplate = {
  name: 'classify',
  version: '1',
  description: 'Gives a text one label of a list, or "other".',
  input: {
    type: 'object',
    properties: {
      text: { type: 'string', minLength: 1, description: 'The text to classify.' },
      labels: { type: 'array', items: { type: 'string' }, minItems: 1, description: 'The labels.' },
      ...contextField,
    },
    required: ['text', 'labels'],
  },
  steps: [
    {
      id: 'classify',
      tier: 'fast',
      capabilities: needs('structured_output', 'low_cost', 'fast_inference'),
      system: dataRule,
      prompt: `Classify the text.

<labels>
{{input.labels}}
</labels>
<text>
{{input.text}}
</text>
${contextBlock}

"label" is exactly one of the labels, written as it is there, or "other" when none fits; of two that fit, the one that says more. "confidence" is from 0 (a guess) to 1 (no doubt).`,
      output_schema: fieldsOf({
        label: { type: 'string', minLength: 1 },
        confidence: { type: 'number', minimum: 0, maximum: 1 },
      }),
    },
  ],
  outputs: { label: '{{steps.classify.output.label}}' },
}
