import { ParleyError } from '@parley/spec'
import type { EngineOptions } from '@parley/workflow'
import { importModule } from './import-module.ts'
import { moduleExtensions, resolveInside } from './resolve-inside.ts'

/** What a module of `--config` may export: ports of the engine, under the names that `createEngine` has. */
export type CliConfig = Omit<EngineOptions, 'backend' | 'clock' | 'ids' | 'executorId'>

/**
 * Loads the module of `--config`: its default export, or the one that is named `config`.
 * @throws {ParleyError} `path_refused`, `document_unknown`, `import_refused`
 */
export async function loadConfig(
  argument: string | undefined,
  { cwd, allowed }: { cwd: string; allowed: readonly string[] },
): Promise<CliConfig> {
  if (argument === undefined) return {}
  const file = await resolveInside(argument, { cwd, allowed, extensions: moduleExtensions })
  if (file === undefined) {
    throw new ParleyError({
      code: 'document_unknown',
      message: `There is no file ${JSON.stringify(argument)} for --config.`,
    })
  }
  const exported = await importModule(file)
  const config = exported['default'] ?? exported['config']
  // An object; which options it has is checked by `createEngine`, which takes it.
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) return config as CliConfig
  throw new ParleyError({
    code: 'import_refused',
    message: `${JSON.stringify(argument)} exports no configuration. Write: export default { models: [...] }.`,
  })
}
