import { basename } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ParleyError, safeErrorText } from '@parley/spec'

/**
 * Loads code. The file must have passed `resolveInside` before.
 * @throws {ParleyError} `import_refused` when it cannot be loaded
 */
export async function importModule(file: string): Promise<{ readonly [name: string]: unknown }> {
  try {
    // A module is an object of its exports.
    return (await import(pathToFileURL(file).href)) as { readonly [name: string]: unknown }
  } catch (cause) {
    throw new ParleyError({
      code: 'import_refused',
      message: `${basename(file)} could not be loaded. ${safeErrorText(cause)}`,
      cause,
    })
  }
}
