import { isUnsafeKey } from '@parley/spec'
import { z } from 'zod'
import type { DocumentPath, DocumentProblems } from '../document-problems.ts'
import { readShape } from '../read-shape.ts'

const templateShape = z.strictObject({ name: z.string().min(1), value: z.string() })

/** Reads texts that templates can name. */
export function readTemplates(
  value: unknown,
  at: DocumentPath,
  problems: DocumentProblems,
): { [name: string]: string } {
  const templates = new Map<string, string>()
  const entries = readShape(z.array(z.unknown()), value ?? [], at, problems) ?? []
  for (const [index, entry] of entries.entries()) {
    const read = readShape(templateShape, entry, [...at, index], problems)
    if (read === undefined) continue
    const fault = templates.has(read.name)
      ? `There is already a template "${read.name}".`
      : isUnsafeKey(read.name) && `A template cannot be named "${read.name}".`
    if (fault !== false) {
      const fix = 'Give each template its own name.'
      problems.add({ code: 'document_invalid', at: [...at, index, 'name'], message: fault, fix })
    } else templates.set(read.name, read.value)
  }
  return Object.fromEntries(templates)
}
