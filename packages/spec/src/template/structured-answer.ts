import { checkContract, toJsonSchema, type Contract } from '../contract.ts'
import type { JsonSchema } from '../json.ts'
import { ParleyError } from '../parley-error.ts'
import { toFieldToken } from '../security/retry-tokens.ts'

/** Faults that an error names at the most. */
const maxFields = 50

/**
 * The JSON Schema that a model is told of a contract's value: the contract's own `toJsonSchema()`, else that of zod.
 * @throws {ParleyError} `schema_unsupported` when neither can be had
 */
export function answerSchema(contract: Contract): JsonSchema {
  const shape: object = contract
  if ('toJsonSchema' in shape && typeof shape.toJsonSchema === 'function') {
    // Calling what was just found to be a function; by its name it gives a JSON Schema.
    return (shape as { toJsonSchema(): JsonSchema }).toJsonSchema()
  }
  try {
    return toJsonSchema(contract)
  } catch (error) {
    if (!ParleyError.isInstance(error)) throw error
    throw new ParleyError({
      code: 'schema_unsupported',
      message: 'The contract of `output` has no JSON Schema that a model could be told. Use zod or a Schema.',
      details: { path: 'output', vendor: contract['~standard'].vendor },
    })
  }
}

/** Whether an answer has to be JSON: a contract on text takes it as it is. */
export function isStructured(schema: JsonSchema): boolean {
  return schema['type'] !== 'string'
}

/**
 * The value that a model's answer stands for, by its contract.
 * @throws {ParleyError} `contract_output` naming fields, never the answer
 */
export async function readStructuredAnswer(
  text: string,
  { contract, schema, stepId }: { contract: Contract; schema: JsonSchema; stepId: string },
): Promise<unknown> {
  const checked = await checkContract(contract, isStructured(schema) ? parseAnswer(text) : text)
  if (checked.ok) return checked.value
  const fields = checked.violations.slice(0, maxFields).map(({ path }) => toFieldToken(path) || '<root>')
  throw new ParleyError({
    code: 'contract_output',
    message: `The answer of the model in step "${stepId}" breaks the contract of its output: ${fields.slice(0, 5).join(', ')}.`,
    details: { step: stepId, fields },
  })
}

/** The JSON of an answer, which models like to put into a fence of Markdown; text that is none stays text. */
function parseAnswer(text: string): unknown {
  const trimmed = text.trim()
  const firstLine = trimmed.indexOf('\n')
  const isFenced = trimmed.startsWith('```') && trimmed.endsWith('```') && firstLine !== -1
  const json = isFenced ? trimmed.slice(firstLine + 1, -3) : trimmed
  try {
    return JSON.parse(json) as unknown
  } catch {
    // Not JSON: the contract says what it thinks of text.
    return text
  }
}
