import type { Json } from '@parley/spec'
import { z } from 'zod'
import type { DocumentPath, DocumentProblems } from '../document-problems.ts'
import { readShape } from '../read-shape.ts'
import { camelFields } from '../wire-fields.ts'

const optionsShape = z.strictObject({
  temperature: z.number().min(0).optional(),
  top_p: z.number().min(0).max(1).optional(),
  max_output_tokens: z.number().int().min(1).optional(),
  max_tokens: z.number().int().min(1).optional(),
  stop: z.array(z.string()).optional(),
  seed: z.number().int().optional(),
  reasoning: z.enum(['off', 'low', 'medium', 'high']).optional(),
  cache_key: z.string().optional(),
})

/** Reads options of a model (`model_options`, `llm_kwargs`). There are none for keys and addresses. */
export function readModelOptions(
  value: unknown,
  at: DocumentPath,
  problems: DocumentProblems,
): { [key: string]: Json } | undefined {
  const read = readShape(optionsShape, value, at, problems)
  if (read === undefined) return undefined
  const { max_tokens, ...options } = read
  if (max_tokens !== undefined && options.max_output_tokens !== undefined) {
    problems.add({
      code: 'document_invalid',
      at: [...at, 'max_tokens'],
      message: '"max_tokens" and "max_output_tokens" are the same option.',
      fix: 'Keep "max_output_tokens".',
    })
  }
  const max_output_tokens = options.max_output_tokens ?? max_tokens
  // The shape has checked that every field is JSON.
  return camelFields({ ...options, max_output_tokens }) as { [key: string]: Json }
}
