import { realpath, stat } from 'node:fs/promises'
import { extname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { ParleyError } from '@parley/spec'

/** What kind of file may be named. */
export interface ResolveInsideOptions {
  /** The working directory: relative paths begin here. */
  cwd: string
  /** Further directories that files may lie in, absolute. */
  allowed: readonly string[]
  /** Such as `.yaml`. */
  extensions: readonly string[]
}

/** Files that `parley run` and its like take. */
export const workflowExtensions: readonly string[] = ['.ts', '.mts', '.js', '.mjs', '.json', '.yaml', '.yml']

/** Those of them that are code. */
export const moduleExtensions: readonly string[] = ['.ts', '.mts', '.js', '.mjs']

const schemePattern = /^[a-zA-Z][a-zA-Z0-9+.-]+:/

/**
 * Refuses what is no plain path, before the file system is asked.
 * @throws {ParleyError} `path_refused`
 */
export function checkPathText(argument: string): void {
  const fault = argument.includes('\0')
    ? 'it holds a NUL character'
    : argument.includes('..')
      ? 'it holds ".."'
      : schemePattern.test(argument)
        ? 'it is a URL'
        : argument.trim() === ''
          ? 'it is empty'
          : undefined
  if (fault !== undefined) throw refused(argument, fault)
}

/**
 * The real file that an argument names: symbolic links are resolved first, and what comes out must lie inside the working
 * directory or an allowed one, and have a known extension. `undefined` when there is no such file. Nothing is loaded.
 * @throws {ParleyError} `path_refused`
 */
export async function resolveInside(argument: string, options: ResolveInsideOptions): Promise<string | undefined> {
  checkPathText(argument)
  return locateInside(argument, options)
}

/**
 * As `resolveInside`, for a path whose parts were checked one by one.
 * @throws {ParleyError} `path_refused`
 */
export async function locateInside(argument: string, options: ResolveInsideOptions): Promise<string | undefined> {
  const { cwd, allowed, extensions } = options
  const path = resolve(cwd, argument)
  const real = await orNothing(realpath(path))
  if (real === undefined) {
    // Whether there is anything outside is not told either.
    if (!isInsideAny(path, [cwd, ...allowed])) throw refused(argument, 'it leads out of the allowed directories')
    return undefined
  }
  const roots = await Promise.all([cwd, ...allowed].map(async (root) => (await orNothing(realpath(root))) ?? root))
  if (!isInsideAny(real, roots)) throw refused(argument, 'it leads out of the allowed directories')
  if (!(await stat(real)).isFile()) throw refused(argument, 'it is no file')
  if (!extensions.includes(extname(real)))
    throw refused(argument, `its extension is not one of ${extensions.join(' ')}`)
  return real
}

/** The first file of this name in a directory, with each of the extensions if it has none. */
export async function findNamed(name: string, options: ResolveInsideOptions): Promise<string | undefined> {
  checkPathText(name)
  for (const root of [options.cwd, ...options.allowed]) {
    for (const ending of ['', ...options.extensions]) {
      for (const file of new Set([`${name}${ending}`, `${name.replaceAll('.', sep)}${ending}`])) {
        const path = join(root, file)
        if (!options.extensions.includes(extname(path))) continue
        const found = await locateInside(path, options)
        if (found !== undefined) return found
      }
    }
  }
  return undefined
}

function isInsideAny(path: string, roots: readonly string[]): boolean {
  return roots.some((root) => {
    const way = relative(root, path)
    return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
  })
}

function refused(argument: string, fault: string): ParleyError {
  return new ParleyError({
    code: 'path_refused',
    // The argument is what the person has just typed; control characters of it would steer their terminal.
    message: `${JSON.stringify(argument)} is refused: ${fault}. Name a file inside the working directory, or allow its directory with --workflows-dir.`,
    details: { fault },
  })
}

async function orNothing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
    if (isMissing) return undefined
    throw error
  }
}
