import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import {
  runCommand,
  withCommonOptions,
  type CommandContext,
  type CommandEnd,
  type CommonOptions,
} from './command-context.ts'
import { exitCodes, type ExitCode } from './exit-code.ts'
import type { CliWorld } from './cli-world.ts'

type Work<Options> = (context: CommandContext, argument: readonly string[], options: Options) => Promise<CommandEnd>

/**
 * Runs the command line to its exit code. Code of a command is loaded when it is asked for: what refuses an argument has
 * loaded nothing that could run it.
 */
export async function runCli(world: CliWorld): Promise<ExitCode> {
  let exit: ExitCode = exitCodes.done
  const program = new Command('parley')
    .description('Runs, checks, draws and inspects workflows.')
    .exitOverride()
    .showHelpAfterError('Try --help.')
    .configureHelp({ helpWidth: 80 })
    .configureOutput({
      writeOut: (text) => world.stdout.write(text),
      writeErr: (text) => world.stderr.write(text),
      getOutHelpWidth: () => 80,
      getErrHelpWidth: () => 80,
    })

  function add<Options extends object>(
    name: string,
    description: string,
    examples: readonly [string, string],
    work: Work<Options>,
  ): Command {
    const command = withCommonOptions(program.command(name).description(description))
      .addHelpText('after', `\nExamples:\n  $ ${examples[0]}\n  $ ${examples[1]}`)
      .action(async () => {
        // Commander fills these with what the options of this command were declared to give.
        const options = command.opts<CommonOptions & Options>()
        exit = await runCommand(world, options, (context) =>
          work(context, command.processedArgs.flat() as string[], options),
        ) // arguments are texts
      })
    return command
  }

  add(
    'run',
    'Run a workflow: a document, a template, or a module that exports `workflow`.',
    [
      'parley run post-call.yaml --input @call.json --stream',
      'parley run research --input \'{"goal":"Compare two cars"}\' --budget 0.25',
    ],
    async (context, [workflow = ''], options) => (await import('./commands/run.ts')).run(context, workflow, options),
  )
    .argument('<workflow>', 'a file, a name in --workflows-dir, or a template')
    .option('--input <json>', 'a JSON object, or @file.json')
    .option('--budget <usd>', 'most that the run may cost', parseNumber)
    .addOption(
      new Option('--on-exceed <what>', 'when the budget does not allow a call').choices([
        'stop',
        'fail',
        'abort',
        'block',
        'downgrade',
        'pause',
        'warn',
      ]),
    )
    .option('--stream', 'show events as they come')
    .option('--dry', 'check the workflow and its input, run nothing')
    .option('--log-dir <dir>', 'write a run log there')
    .addOption(new Option('--verbosity <level>', 'of the run log').choices(['minimal', 'normal', 'verbose']))
    .option('--config <file>', 'module with models, agents and other ports')
    .option('--store <address>', 'keep the run: a folder or a URL (PARLEY_DATABASE_URL)')
    .addOption(workflowsDir())

  add(
    'validate',
    'Show all problems of documents. Runs nothing.',
    ['parley validate workflows/*.yaml', 'parley validate --strict --format github triage.yaml'],
    async (context, files, options) => (await import('./commands/validate.ts')).validate(context, files, options),
  )
    .argument('<files...>', 'documents')
    .option('--strict', 'warnings fail too')
    .addOption(new Option('--format <format>', 'how problems are written').choices(['text', 'json', 'github']))
    .addOption(workflowsDir())

  add(
    'graph',
    'Draw a workflow.',
    ['parley graph triage.yaml', 'parley graph research --format svg > research.svg'],
    async (context, [workflow = ''], options) =>
      (await import('./commands/graph.ts')).graph(context, workflow, options),
  )
    .argument('<workflow>', 'a file, a name in --workflows-dir, or a template')
    .addOption(new Option('--format <format>', 'of the drawing').choices(['text', 'mermaid', 'svg']).default('text'))
    .addOption(workflowsDir())

  add(
    'inspect',
    'Show a run log: of a file, or the newest in a directory.',
    ['parley inspect runs', 'parley inspect runs/output.jsonl --failures'],
    async (context, [where], options) => (await import('./commands/inspect.ts')).inspect(context, where, options),
  )
    .argument('[where]', 'a run log (.jsonl) or a directory; else runs, or here')
    .option('--failures', 'only what went wrong')
    .option('--step <id>', 'only this step')
    .option('--run <id>', 'another run than the last of the log')

  add(
    'runs',
    'Show and control stored runs.',
    ['parley runs list --status waiting', 'parley runs answer run_01J... --reject'],
    async (context, [action = 'list', id], options) =>
      (await import('./commands/runs.ts')).runs(context, action as 'list', id, options),
  )
    .addArgument(
      new Argument('[action]', 'what to do')
        .choices(['list', 'show', 'cancel', 'pause', 'resume', 'fork', 'answer'])
        .default('list'),
    )
    .argument('[id]', 'of the run')
    .option('--status <status...>', 'only runs in one of these states')
    .option('--workflow <name>', 'only runs of this workflow')
    .option('--from <instant>', 'only runs created at or after this time')
    .option('--to <instant>', 'only runs created before this time')
    .option('--limit <count>', 'runs of a list', parseCount, 50)
    .option('--budget <usd>', 'of resume: most that the run may cost in all', parseNumber)
    .option('--from-step <id>', 'of fork: the step that the new run begins with')
    .option('--input <json>', 'of fork: another input, a JSON object or @file.json')
    .option('--rerun', 'of replay: a new run with the same input, not only a comparison')
    .option('--reject', 'of answer: refuse, instead of approve')
    .option('--data <json>', 'of answer: what is answered')
    .option('--wait <id>', 'of answer: which wait, where there are several')
    .option('--by <name>', 'of answer: who answers, where only some may')
    .option('--use <workflow>', 'the workflow of the run, where its functions are in code')
    .option('--config <file>', 'module with models, agents and other ports')
    .option('--store <address>', 'where runs are kept: a folder or a URL (PARLEY_DATABASE_URL)')
    .addOption(workflowsDir())

  add(
    'replay',
    'Go through a stored run again, and tell the first decision that differs.',
    ['parley replay run_01J...', 'parley replay run_01J... --rerun'],
    async (context, [id = ''], options) => (await import('./commands/runs.ts')).runs(context, 'replay', id, options),
  )
    .argument('<id>', 'of the run')
    .option('--rerun', 'a new run with the same input, not only a comparison')
    .option('--use <workflow>', 'the workflow of the run, where its functions are in code')
    .option('--config <file>', 'module with models, agents and other ports')
    .option('--store <address>', 'where runs are kept: a folder or a URL (PARLEY_DATABASE_URL)')
    .addOption(workflowsDir())

  add(
    'db',
    'Show, migrate, write out or read in a database.',
    ['parley db status', 'parley db export --file parley.ndjson'],
    async (context, [action = 'status'], options) =>
      (await import('./commands/db.ts')).db(context, action as 'status', options),
  ) // one of the choices
    .addArgument(
      new Argument('[action]', 'what to do').choices(['status', 'migrate', 'export', 'import']).default('status'),
    )
    .option('--store <address>', 'a folder or a URL (PARLEY_DATABASE_URL)')
    .option('--file <path>', 'of export and import; else standard output and input')

  add(
    'prices',
    'Show a price table, or costs recomputed by it.',
    ['parley prices list --file prices.json', 'parley prices recompute --file prices.json --version 2026-09'],
    async (context, [action = 'list'], options) =>
      (await import('./commands/prices.ts')).prices(context, action as 'list', options),
  ) // one of the choices
    .addArgument(new Argument('[action]', 'what to do').choices(['list', 'recompute']).default('list'))
    .option('--file <path>', 'one table or several, in JSON (PARLEY_PRICES)')
    .option('--version <version>', 'of the table; else the last of the file')
    .option('--task <id>', 'of recompute: only calls of this task')
    .option('--tenant <id>', 'of recompute: only calls of this tenant')
    .option('--store <address>', 'where calls are kept: a folder or a URL (PARLEY_DATABASE_URL)')

  add(
    'version',
    'Show the version, that of Node, and the back ends present.',
    ['parley version', 'parley version --json'],
    async (context) => (await import('./commands/version.ts')).version(context),
  )

  try {
    await program.parseAsync([...world.argv], { from: 'user' })
    return exit
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // Commander has written what was wrong, with the nearest name.
    return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
  }
}

function workflowsDir(): Option {
  return new Option('--workflows-dir <dir>', 'directory that workflows may lie in; repeatable').argParser(
    (value: string, before: string[] | undefined) => [...(before ?? []), value],
  )
}

function parseNumber(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('Give a number, such as 0.25.')
  return value
}

function parseCount(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('Give a whole number from 1 up.')
  return value
}
