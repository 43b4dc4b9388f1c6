import { existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ParleyError, type Logger } from '@parley/spec'

const inApp = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** Where the built pages are. */
export const pagesFolder: string = inApp('dist/pages')

const sources = ['src/pages', 'vite.config.ts', '../../packages/client/src', '../../packages/spec/src']

/** Whether the pages must be built: there are none, or something they are made of is newer. */
export async function arePagesStale(): Promise<boolean> {
  const built = join(pagesFolder, 'index.html')
  if (!existsSync(built)) return true
  const { mtimeMs } = await stat(built)
  const newest = await Promise.all(sources.map((path) => newestChange(inApp(path))))
  return Math.max(...newest) > mtimeMs
}

/**
 * Builds caller page and desk. Pages of an earlier build stay in use when it fails.
 * @throws {ParleyError} `config_invalid` when it fails and there are none
 */
export async function buildPages(logger: Logger): Promise<void> {
  try {
    // Loaded only when there is something to build.
    const { build } = await import('vite')
    await build({ configFile: inApp('vite.config.ts'), logLevel: 'error' })
  } catch (cause) {
    const message = 'The pages could not be built. Correct what stands above, then start again.'
    if (!existsSync(join(pagesFolder, 'index.html'))) throw new ParleyError({ code: 'config_invalid', message, cause })
    logger.warn('The pages could not be built; those of the last build are served.')
  }
}

async function newestChange(path: string): Promise<number> {
  if (!existsSync(path)) return 0
  const own = await stat(path)
  if (!own.isDirectory()) return own.mtimeMs
  const names = await readdir(path)
  return Math.max(own.mtimeMs, ...(await Promise.all(names.map((name) => newestChange(join(path, name))))))
}
