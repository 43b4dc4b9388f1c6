import type { ForeachSpec } from '@parley/spec'
import { z } from 'zod'
import { defaultForeach } from '../../definition/step-defaults.ts'
import type { DocumentPath, DocumentProblems } from '../document-problems.ts'
import { readShape } from '../read-shape.ts'
import { camelFields } from '../wire-fields.ts'

const policies = { require_all: 'requireAll', allow_partial: 'allowPartial', collect_errors: 'collectErrors' } as const

const foreachShape = z.strictObject({
  source: z.string().min(1),
  policy: z.enum(['require_all', 'allow_partial', 'collect_errors']).optional(),
  concurrency: z.number().int().min(1).optional(),
  item_key: z.string().min(1).optional(),
})

/** The keys of a step that say how it goes over a list. */
export interface ForeachFields {
  foreach?: unknown
  foreach_policy?: unknown
  foreach_concurrency?: unknown
  item_key?: unknown
}

/** Reads over what a step is done: one object, or a source with its settings beside it. */
export function readForeach(
  step: ForeachFields,
  at: DocumentPath,
  problems: DocumentProblems,
): ForeachSpec | undefined {
  const { foreach, ...settings } = step
  const beside = {
    policy: settings.foreach_policy,
    concurrency: settings.foreach_concurrency,
    item_key: settings.item_key,
  }
  const isFlat = typeof foreach === 'string'
  if (foreach === undefined || !isFlat) {
    for (const [key, value] of Object.entries(settings)) {
      if (value === undefined) continue
      const message = `The key "${key}" needs a "foreach" that is the name of a list.`
      const fix = foreach === undefined ? 'Add "foreach", or remove the key.' : 'Move the setting into "foreach".'
      problems.add({ code: 'document_invalid', at: [...at, key], message, fix })
    }
  }
  if (foreach === undefined) return undefined
  const given = isFlat ? Object.fromEntries(Object.entries({ source: foreach, ...beside }).filter(isGiven)) : foreach
  const read = readShape(foreachShape, given, isFlat ? at : [...at, 'foreach'], problems)
  if (read === undefined) return undefined
  const { policy, ...rest } = read
  return {
    ...defaultForeach(read.source),
    ...camelFields(rest),
    ...(policy !== undefined && { policy: policies[policy] }),
  }
}

function isGiven([, value]: [string, unknown]): boolean {
  return value !== undefined
}
