import { checkContract, type Contract, type JsonSchema } from '@parley/spec'
import { z } from 'zod'

/** A call as a step asks for it; each kind of arguments is JSON text. */
export interface StepToolCall {
  /** The tool's name or address. */
  name: string
  /** Values. */
  literal_args: string
  /** Argument to path into results of earlier calls, by `call_id`. */
  planner_context_args: string
  /** Argument to path into the inputs of the task. */
  input_args: string
  call_id?: string | null | undefined
}

/** What a model answers in each step when tools are asked for by structured output. */
export interface StepOutput<T = unknown> {
  instructions: string
  tool_calls: StepToolCall[]
  output?: T | null | undefined
}

const toolCall = z.strictObject({
  name: z.string().min(1),
  literal_args: z.string().default('{}'),
  planner_context_args: z.string().default('{}'),
  input_args: z.string().default('{}'),
  call_id: z.string().min(1).nullish(),
})

/** The contract of one step; without an output contract the output is text. Extra fields are refused. */
export function getStepOutputType<T = string>(output?: Contract<T>): Contract<StepOutput<T>> {
  const value: z.ZodType = output === undefined ? z.string() : output instanceof z.ZodType ? output : ofContract(output)
  // The output's own contract parses it, so the whole has its type.
  return stepSchema(value) as unknown as Contract<StepOutput<T>>
}

/** The JSON Schema of a step for a model, around the schema of its output. */
export function stepOutputSchema(output: JsonSchema = { type: 'string' }): JsonSchema {
  const text = { type: 'string' }
  const json = { type: 'string', description: 'A JSON object, as text' }
  return {
    type: 'object',
    additionalProperties: false,
    required: ['instructions', 'tool_calls', 'output'],
    properties: {
      instructions: { ...text, description: 'What you are doing now and why, in one sentence' },
      tool_calls: {
        type: 'array',
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['name', 'literal_args', 'planner_context_args', 'input_args', 'call_id'],
          properties: {
            name: text,
            literal_args: json,
            planner_context_args: json,
            input_args: json,
            call_id: { type: ['string', 'null'] },
          },
        },
      },
      output: { anyOf: [output, { type: 'null' }] },
    },
  }
}

/** A step before its output is checked: that is the loop's business. */
export const anyStep: z.ZodType<StepOutput> = stepSchema(z.unknown())

function stepSchema(output: z.ZodType): z.ZodType<StepOutput> {
  return z.strictObject({
    instructions: z.string().default(''),
    tool_calls: z.array(toolCall).default([]),
    output: output.nullish(),
  })
}

function ofContract(contract: Contract): z.ZodType {
  return z.unknown().superRefine(async (value, context) => {
    const checked = await checkContract(contract, value)
    if (checked.ok) return
    for (const { path, message } of checked.violations)
      context.addIssue({ code: 'custom', message, path: path === '' ? [] : path.split('.') })
  })
}
