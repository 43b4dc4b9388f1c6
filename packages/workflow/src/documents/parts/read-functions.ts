import { nearestName } from '@parley/spec'
import { z } from 'zod'
import type { DocumentPath } from '../document-problems.ts'
import type { DocumentReading } from '../document-reading.ts'
import { readShape } from '../read-shape.ts'

const functionShape = z.strictObject({ name: z.string().min(1), path: z.string().min(1) })

/** Reads the names that a document gives to functions of the host: from its names to the registered ones. */
export function readFunctions(value: unknown, at: DocumentPath, reading: DocumentReading): ReadonlyMap<string, string> {
  const { problems, registries } = reading
  const paths = new Map<string, string>()
  const entries = readShape(z.array(z.unknown()), value ?? [], at, problems) ?? []
  for (const [index, entry] of entries.entries()) {
    const read = readShape(functionShape, entry, [...at, index], problems)
    if (read === undefined) continue
    if (paths.has(read.name)) {
      const message = `There is already a function "${read.name}".`
      problems.add({
        code: 'document_invalid',
        at: [...at, index, 'name'],
        message,
        fix: 'Give each function its own name.',
      })
    }
    paths.set(read.name, read.path)
    if (registries.functions?.has(read.path) === true) continue
    const nearest = nearestName(read.path, [...(registries.functions?.keys() ?? [])])
    problems.add({
      code: 'unknown_reference',
      at: [...at, index, 'path'],
      message: `The host has registered no function "${read.path}".`,
      fix: nearest === undefined ? 'Register it, or name another one.' : `Did you mean "${nearest}"?`,
    })
  }
  return paths
}
