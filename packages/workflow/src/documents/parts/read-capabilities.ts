import { capabilityKinds, nearestName, type CapabilityHint, type CapabilityKind } from '@parley/spec'
import { z } from 'zod'
import type { DocumentPath, DocumentProblems } from '../document-problems.ts'
import { readShape } from '../read-shape.ts'

const hintShape = z.strictObject({ kind: z.string(), required: z.boolean().default(true) })

/** Reads what a step asks of its model. */
export function readCapabilities(value: unknown, at: DocumentPath, problems: DocumentProblems): CapabilityHint[] {
  const entries = readShape(z.array(z.unknown()), value, at, problems) ?? []
  return entries.flatMap((entry, index) => {
    const hint = readShape(hintShape, entry, [...at, index], problems)
    if (hint === undefined) return []
    if (isKind(hint.kind)) return [{ kind: hint.kind, required: hint.required }]
    const nearest = nearestName(hint.kind, capabilityKinds)
    problems.add({
      code: 'document_invalid',
      at: [...at, index, 'kind'],
      message: `There is no capability "${hint.kind}".`,
      fix:
        nearest === undefined ? `Use one of ${capabilityKinds.join(', ')}, or x_... .` : `Did you mean "${nearest}"?`,
    })
    return []
  })
}

function isKind(kind: string): kind is CapabilityKind {
  return /^x_./.test(kind) || capabilityKinds.some((known) => known === kind)
}
