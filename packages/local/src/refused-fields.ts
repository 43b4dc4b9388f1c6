import type { Json } from '@parley/spec'
import { isMap } from './internal-note.ts'
import { pathsOfValue, type ValueTemplate } from './value-template.ts'

/**
 * The slots behind the payload fields that a contract refused: for each violation the slots its template reads, else
 * the slot of the field's own name. Fields without a slot cannot be asked for and are left out.
 */
export function refusedFields(rejection: Json, payload: ValueTemplate | undefined): string[] {
  if (!isMap(rejection) || !Array.isArray(rejection['violations'])) return []
  const slots = rejection['violations'].flatMap((violation) => {
    const path = isMap(violation) ? violation['path'] : undefined
    const field = fieldOf(path)
    if (field === undefined) return []
    const entry = payload?.kind === 'map' ? payload.entries.find(([key]) => key === field)?.[1] : undefined
    const read = entry ? pathsOfValue(entry).flatMap(([root, slot]) => (root === 'slots' ? [String(slot)] : [])) : []
    return read.length > 0 ? read : [field]
  })
  return [...new Set(slots)]
}

function fieldOf(path: Json | undefined): string | undefined {
  if (Array.isArray(path)) return path.find((step): step is string => typeof step === 'string' && step !== 'payload')
  if (typeof path !== 'string') return undefined
  return path.split(/[.[\]/]/u).find((step) => step !== '' && step !== 'payload')
}
