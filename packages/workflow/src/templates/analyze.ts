import type { BuiltInTemplate } from './built-in-template.ts'
import { needs } from './needs.ts'
import { fieldsOf, listOf } from './output-schema.ts'
import { contextBlock, dataRule } from './prompt-data.ts'
import { textInput } from './template-input.ts'

/** Reads material and reports what it shows. */
export const analyze: BuiltInTemplate = {
  name: 'analyze',
  version: '1',
  description: 'Analyzes material: its kind, its entities, numbers and dates, what follows from them, and a report.',
  input: textInput({ goal: 'What is to be found out, with the material or a pointer to the context.' }),
  steps: [
    {
      id: 'classify',
      tier: 'fast',
      system: dataRule,
      prompt: `Say what kind of material this is.

<goal>
{{input.goal}}
</goal>
${contextBlock}

One line: the kind (such as contract, log, survey, report, table of figures), its subject, and what to watch out for when reading it.`,
    },
    {
      id: 'extract',
      tier: 'balanced',
      capabilities: needs('structured_output'),
      system: dataRule,
      prompt: `Extract what the material states.

<kind>
{{steps.classify.output}}
</kind>
<goal>
{{input.goal}}
</goal>
${contextBlock}

Give entities with their role, numbers with their unit ("" where there is none) and what they measure, and dates as YYYY-MM-DD with what happened, or as YYYY-MM or YYYY where no more is stated. Copy names as they are written; write numbers as plain figures. Leave out what is not there: an empty list is an answer.`,
      output_schema: fieldsOf({
        entities: listOf(fieldsOf({ name: { type: 'string' }, role: { type: 'string' } })),
        numbers: listOf(
          fieldsOf({ value: { type: 'number' }, unit: { type: 'string' }, measures: { type: 'string' } }),
        ),
        dates: listOf(fieldsOf({ date: { type: 'string' }, event: { type: 'string' } })),
      }),
    },
    {
      id: 'reason',
      tier: 'high',
      capabilities: needs('reasoning'),
      system: dataRule,
      prompt: `Work out what follows from the material.

<goal>
{{input.goal}}
</goal>
<extracted>
{{steps.extract.output}}
</extracted>
${contextBlock}

For each finding: the finding, its evidence from the material, how sure you are, and the best alternative explanation. Say what the material cannot answer.`,
    },
    {
      id: 'report',
      tier: 'balanced',
      system: dataRule,
      prompt: `Write a report for somebody who has to decide.

<goal>
{{input.goal}}
</goal>
<findings>
{{steps.reason.output}}
</findings>

Begin with the answer to the goal in two sentences. Then the findings in order of weight, each with its evidence; then what is uncertain; then what to do next. Add no finding of your own.`,
    },
  ],
  outputs: { report: '{{steps.report.output}}' },
}
