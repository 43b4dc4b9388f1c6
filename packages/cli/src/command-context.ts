import { ParleyError, safeErrorText, type Json } from '@parley/spec'
import type { Command } from 'commander'
import { resolve } from 'node:path'
import { CliOutput, type OutputOptions } from './cli-output.ts'
import type { CliWorld } from './cli-world.ts'
import { exitCodeOf, exitCodes, type ExitCode } from './exit-code.ts'

/** What every command can be told. */
export interface CommonOptions extends OutputOptions {
  cwd?: string
  url?: string
}

/** What a command works with. */
export interface CommandContext {
  readonly world: CliWorld
  readonly output: CliOutput
  /** Where relative paths begin: `--cwd`, else that of the process. */
  readonly cwd: string
}

/** How a command ended. */
export interface CommandEnd {
  exit: ExitCode
  /** Fields of the last line of `--json`. */
  result?: { [key: string]: Json }
}

/** Adds the options that every command has. */
export function withCommonOptions(command: Command): Command {
  return command
    .option('--json', 'one JSON document on standard output, or one per line when streaming')
    .option('--quiet', 'no progress on standard error')
    .option('--verbose', 'more of it')
    .option('--no-color', 'no colours (also NO_COLOR)')
    .option('--cwd <dir>', 'where relative paths begin')
    .option('--url <server>', 'not built yet: refused')
}

/** Runs a command to its exit code: prints its failure, and with `--json` its last line. */
export async function runCommand(
  world: CliWorld,
  options: CommonOptions,
  work: (context: CommandContext) => Promise<CommandEnd>,
): Promise<ExitCode> {
  const output = new CliOutput(world, options)
  try {
    if (options.url !== undefined) throw noServer()
    const { exit, result = {} } = await work({ world, output, cwd: resolve(world.cwd, options.cwd ?? '.') })
    output.printJson('result', { ok: exit === exitCodes.done, exit, ...result })
    return exit
  } catch (error) {
    const exit = world.signal.aborted ? exitCodes.interrupted : exitCodeOf(error)
    const shown = toShownError(error)
    output.printJson('result', { ok: false, exit, error: shown })
    output.fail(`${output.paint('red', 'error', 'stderr')}  ${shown.message}`)
    return exit
  }
}

/** Better refused than taken for a local run: what was asked for is somewhere else. */
function noServer(): ParleyError {
  return new ParleyError({
    code: 'invalid_options',
    message:
      '--url is not built yet: a server has no routes for runs so far. Leave it out, and name the database of the server with --store <address> or PARLEY_DATABASE_URL.',
    details: { path: 'url' },
  })
}

function toShownError(error: unknown): { code: string; message: string; details?: { [key: string]: Json } } {
  if (ParleyError.isInstance(error)) return { code: error.code, message: error.message, details: error.details }
  // What was thrown by code that is not ours may carry paths and secrets.
  return { code: 'internal_error', message: safeErrorText(error) }
}
