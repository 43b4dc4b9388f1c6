import { delimiter, resolve } from 'node:path'

/** Directories besides the working one that workflows may be loaded from: `--workflows-dir`, then `PARLEY_WORKFLOWS_DIR`. */
export function allowedDirectories(
  cwd: string,
  given: readonly string[],
  env: { readonly [name: string]: string | undefined },
): string[] {
  const fromEnvironment = (env['PARLEY_WORKFLOWS_DIR'] ?? '').split(delimiter)
  return [...given, ...fromEnvironment].filter((folder) => folder !== '').map((folder) => resolve(cwd, folder))
}
