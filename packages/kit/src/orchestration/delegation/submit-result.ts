import { checkContract, defineTool, ParleyError, toJsonSchema, ToolError } from '@parley/spec'
import type { AnyTool, Contract, JsonSchema } from '@parley/spec'
import { z } from 'zod'
import type { Submission } from './delegation-machine.ts'

export const SUBMIT_RESULT = 'submit_result'

const input = z.object({
  status: z.enum(['completed', 'failed']),
  summary: z.string().min(1),
  data: z.unknown().optional(),
})

/**
 * The tool a worker ends its task by. Faults go back to it, so it can hand in again; `accept` says whether it still may.
 */
export function submitResultTool(output: Contract, accept: (submission: Submission) => { isOver: boolean }): AnyTool {
  return defineTool({
    name: SUBMIT_RESULT,
    description:
      'Hands in the result of the task you were given and ends it. Call it exactly once, when the task is done or cannot be done.',
    input,
    jsonSchema: submissionSchema(output),
    effect: 'idempotent',
    endsTurn: true,
    async run({ status, summary, data }) {
      if (status === 'failed') {
        accept({ ok: true, status, summary, value: undefined })
        return { accepted: true }
      }
      const checked = await checkContract(output, data)
      if (checked.ok) {
        accept({ ok: true, status, summary, value: checked.value })
        return { accepted: true }
      }
      const { isOver } = accept({ ok: false, paths: checked.violations.map(({ path }) => path) })
      const faults = checked.violations.map(
        ({ path, message }) => `${path === '' ? 'data' : `data.${path}`}: ${message}`,
      )
      if (isOver) throw new ToolError('The result does not fit its schema, and there are no more tries.')
      throw new ToolError(
        `The result does not fit its schema. Correct it and call ${SUBMIT_RESULT} again.\n${faults.join('\n')}`,
      )
    },
  })
}

/** `data` is the schema of the caller; without one of its own anything JSON says is taken and checked. */
function submissionSchema(output: Contract): JsonSchema {
  return {
    type: 'object',
    properties: {
      status: { type: 'string', enum: ['completed', 'failed'], description: '"failed" if the task cannot be done.' },
      summary: { type: 'string', description: 'The result in a few sentences.' },
      data: { description: 'The result itself; needed unless it failed.', ...dataSchema(output) },
    },
    required: ['status', 'summary'],
    additionalProperties: false,
  }
}

function dataSchema(output: Contract): JsonSchema {
  try {
    return toJsonSchema(output)
  } catch (thrown) {
    if (ParleyError.isInstance(thrown) && thrown.code === 'tool_schema_unsupported') return {}
    throw thrown
  }
}
