import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

const peers = join(import.meta.dirname, 'peers')

/** A peer's script, or why it cannot be had. */
export type LoadedPeer<Script> = { script: Script } | { script: undefined; why: string }

/** Installs a peer's packages by its own lockfile. @throws {Error} when that fails */
export async function installPeer(name: string, progress: (text: string) => void): Promise<string> {
  const folder = join(peers, name)
  if (existsSync(join(folder, 'node_modules'))) return folder
  progress(`The packages of ${name} are installed into bench/peers/${name}`)
  await promisify(execFile)(
    'npm',
    ['ci', '--workspaces=false', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    { cwd: folder },
  )
  return folder
}

/** Loads `bench/peers/<name>/<file>`, installing its packages first. Its shape is what the caller says it is. */
export async function loadPeer<Script>(
  name: string,
  file: string,
  progress: (text: string) => void,
): Promise<LoadedPeer<Script>> {
  try {
    const folder = await installPeer(name, progress)
    // Peers' scripts are ours and untyped, since their packages are no dependency of this one.
    return { script: (await import(pathToFileURL(join(folder, file)).href)) as Script }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { script: undefined, why: `${name} could not be installed or loaded: ${reason.split('\n')[0] ?? ''}` }
  }
}
