import type { BuiltInTemplate } from './built-in-template.ts'
import { needs } from './needs.ts'
import { contextBlock, dataRule } from './prompt-data.ts'
import { contextField } from './template-input.ts'

/** Fills the fields of a schema from a text. */
export const extract: BuiltInTemplate = {
  name: 'extract',
  version: '1',
  description: 'Fills the fields of a given JSON Schema from a text; the result is checked by that schema.',
  input: {
    type: 'object',
    properties: {
      text: { type: 'string', minLength: 1, description: 'Where the fields are taken from.' },
      schema: { type: 'object', description: 'JSON Schema of the fields.' },
      ...contextField,
    },
    required: ['text', 'schema'],
  },
  steps: [
    {
      id: 'extract',
      tier: 'balanced',
      capabilities: needs('structured_output'),
      system: dataRule,
      prompt: `Fill the fields of the schema from the text.

<schema>
{{input.schema}}
</schema>
<text>
{{input.text}}
</text>
${contextBlock}

Take values only from the text. Keep wording as it is; write numbers, dates and codes in the form that the schema asks for. A field that the text does not hold is null where the schema allows null, and is left out otherwise. Do not guess.`,
      output_schema_from: 'input.schema',
    },
  ],
  outputs: { fields: '{{steps.extract.output}}' },
}
