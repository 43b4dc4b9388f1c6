import type { ArgumentInfo } from '@parley/spec'
import { z } from 'zod'
import type { DocumentPath, DocumentProblems } from '../document-problems.ts'
import { readShape } from '../read-shape.ts'

const argumentShape = z.strictObject({
  type: z.enum(['literal', 'context', 'history']),
  value: z.json().optional(),
  name: z.string().min(1).optional(),
})

/** Reads where the arguments of a step come from. The names of arguments are the tool's and stay as they are. */
export function readArguments(
  value: unknown,
  at: DocumentPath,
  problems: DocumentProblems,
): { [argument: string]: ArgumentInfo } {
  const entries = readShape(z.record(z.string(), z.unknown()), value, at, problems) ?? {}
  const read: [string, ArgumentInfo][] = []
  for (const [argument, info] of Object.entries(entries)) {
    const argumentAt = [...at, argument]
    const found = readShape(argumentShape, info, argumentAt, problems)
    if (found === undefined) continue
    const { type, value: literal, name } = found
    if (type === 'literal' && literal === undefined) {
      problems.add({
        code: 'document_invalid',
        at: argumentAt,
        message: `The argument "${argument}" is a literal without a value.`,
        fix: 'Add "value"; null counts.',
      })
    }
    // Of the three ways to write a path one is stored.
    const path = name ?? (typeof literal === 'string' ? literal : argument)
    read.push([argument, type === 'literal' ? { type, value: literal ?? null } : { type, name: path }])
  }
  return Object.fromEntries(read)
}
