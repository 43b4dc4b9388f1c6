import type { BuiltInTemplate } from './built-in-template.ts'
import { needs } from './needs.ts'
import { fieldsOf, listOf } from './output-schema.ts'
import { contextBlock, dataRule } from './prompt-data.ts'
import { contextField } from './template-input.ts'

/** Brings data into another shape. */
export const transform: BuiltInTemplate = {
  name: 'transform',
  version: '1',
  description: 'Brings data into another shape: reads its structure, maps it, and corrects what does not fit.',
  input: {
    type: 'object',
    properties: {
      data: { description: 'What is to be transformed: text or any JSON.' },
      target: { description: 'The wanted shape: JSON Schema, an example or a description.' },
      ...contextField,
    },
    required: ['data', 'target'],
  },
  steps: [
    {
      id: 'parse',
      tier: 'balanced',
      capabilities: needs('structured_output'),
      system: dataRule,
      prompt: `Describe the structure of this data.

<data>
{{input.data}}
</data>
${contextBlock}

Give every field by its path, with its type and what it holds. Describe what is there, not what should be.`,
      output_schema: fieldsOf({
        fields: listOf(fieldsOf({ path: { type: 'string' }, type: { type: 'string' }, meaning: { type: 'string' } })),
      }),
    },
    {
      id: 'map',
      tier: 'balanced',
      capabilities: needs('structured_output'),
      system: dataRule,
      prompt: `Bring the data into the target shape.

<data>
{{input.data}}
</data>
<structure>
{{steps.parse.output}}
</structure>
<target>
{{input.target}}
</target>

Put the result into "output". Keep every record, in order, and invent nothing: what the data does not have is null. Change a value only as far as the target asks, such as its format or unit.`,
      output_schema: fieldsOf({ output: {} }),
    },
    {
      id: 'validate',
      tier: 'fast',
      capabilities: needs('structured_output'),
      system: dataRule,
      prompt: `Check the mapped data against the target shape.

<target>
{{input.target}}
</target>
<data>
{{input.data}}
</data>
<mapped>
{{steps.map.output.output}}
</mapped>

List every violation in "violations", with its path in the mapped data; none is an empty list. Then give the whole mapped data with these corrected in "output". Correct from the original data, and change nothing that does not violate the target.`,
      output_schema: fieldsOf({
        violations: listOf(fieldsOf({ path: { type: 'string' }, problem: { type: 'string' } })),
        output: {},
      }),
    },
  ],
  outputs: { output: '{{steps.validate.output.output}}', schema: '{{steps.parse.output.fields}}' },
}
