import type { Json } from './json.ts'
import { ParleyError } from './parley-error.ts'

/**
 * Refuses metadata keys that start with `_`: they are reserved.
 * @throws {ParleyError} `invalid_options` naming the key
 */
export function checkMetadataKeys(metadata: Record<string, Json>): void {
  const reserved = Object.keys(metadata).find((key) => key.startsWith('_'))
  if (reserved === undefined) return
  throw new ParleyError({
    code: 'invalid_options',
    message: `The metadata key ${reserved} starts with "_", which is reserved. Choose another name.`,
    details: { path: `metadata.${reserved}`, expected: 'a key that does not start with _' },
  })
}
