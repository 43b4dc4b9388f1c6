import { createRequire } from 'node:module'
import { exitCodes } from '../exit-code.ts'
import type { CommandContext, CommandEnd } from '../command-context.ts'

/** The version of this package. */
export function cliVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)('../../package.json')
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : undefined
  return typeof version === 'string' ? version : 'unknown'
}

/** Back ends for runs, and what each needs besides this package. */
const backEnds: readonly { name: string; needs: string | undefined }[] = [
  { name: 'memory', needs: undefined },
  { name: 'postgres', needs: '@parley/postgres' },
  { name: 'dbos', needs: '@parley/dbos' },
]

/** Shows the version, that of Node, and which back ends are installed. */
export async function version({ output }: CommandContext): Promise<CommandEnd> {
  const present = backEnds.filter(({ needs }) => needs === undefined || isInstalled(needs)).map(({ name }) => name)
  const node = process.versions.node
  output.print(`parley ${cliVersion()}\nnode ${node}\nback ends ${present.join(', ')}`)
  return { exit: exitCodes.done, result: { version: cliVersion(), node, back_ends: present } }
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name)
    return true
  } catch {
    return false
  }
}
