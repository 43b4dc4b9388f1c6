import { resolve } from 'node:path'
import type { SqlDatabase } from '@parley/spec'

/** The address that was asked for: `--store`, `PARLEY_DATABASE_URL`, then the folder of this project. */
export function databaseAddress(
  given: string | undefined,
  env: { readonly [name: string]: string | undefined },
): string {
  return given ?? env['PARLEY_DATABASE_URL'] ?? 'file:.parley/data'
}

/**
 * Opens a database: a URL, or a folder, which is relative to `cwd`.
 * @throws {ParleyError} `config_invalid`, `store_unavailable`
 */
export async function openCliDatabase(address: string, cwd: string): Promise<SqlDatabase> {
  const { openDatabase } = await import('@parley/postgres')
  const isUrl = /^[a-z][a-z0-9+.-]+:/.test(address)
  const folder = isUrl ? /^file:(?!\/)(.+)$/.exec(address)?.[1] : address
  return openDatabase(folder === undefined ? address : `file:${resolve(cwd, folder)}`)
}
