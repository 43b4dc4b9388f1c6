import type { DurableBackend, SqlDatabase, WorkflowDefinition } from '@parley/spec'
import { createLocalModel } from '@parley/local'
import { createEngine, memoryBackend, type Engine, type EngineOptions } from '@parley/workflow'
import type { CommandContext } from '../command-context.ts'
import { openCliDatabase } from '../database/open-cli-database.ts'
import type { CliConfig } from '../load/load-config.ts'
import { createDeclaredTools } from './declared-tools.ts'

/** An engine of one command, and where it keeps its runs. */
export interface CliEngine extends AsyncDisposable {
  readonly engine: Engine
  readonly backend: DurableBackend
  readonly isStored: boolean
  /** No models are configured: the local model answers alone. */
  readonly isLocalOnly: boolean
  /** Makes the servers known that a workflow declares, where no configuration gives a kernel. */
  declare(definition: WorkflowDefinition): Promise<void>
}

/** What an engine of the command line is made of. */
export interface OpenEngineOptions {
  config: CliConfig
  /** Address of the database. Absent: runs are gone with the process. */
  address: string | undefined
  hooks?: EngineOptions['hooks']
}

/** How long a command waits for running steps before it ends. */
const drainMs = 2_000

/** Opens an engine: models and ports of the configuration, else the local model alone. */
export async function openEngine(
  { world, output, cwd }: CommandContext,
  { config, address, hooks = [] }: OpenEngineOptions,
): Promise<CliEngine> {
  const { clock } = world
  const database = address === undefined ? undefined : await openCliDatabase(address, cwd)
  const backend = database === undefined ? memoryBackend({ clock }) : await openStored(database, clock)
  const tools = createDeclaredTools(world.env)
  // Works offline; steps that need more are told which model is missing.
  const isLocalOnly = config.router === undefined && config.models === undefined
  const engine = createEngine({
    ...(isLocalOnly ? { models: [localModel()] } : {}),
    kernel: tools,
    onError: ({ message }) => output.note(`${output.paint('yellow', 'warn', 'stderr')}  ${message}`),
    ...config,
    hooks: [...(config.hooks ?? []), ...hooks],
    backend,
    clock,
  })
  return {
    engine,
    backend,
    isStored: database !== undefined,
    isLocalOnly,
    async declare(definition) {
      const { rest, mcp } = definition.servers
      if (config.kernel === undefined && rest.length + mcp.length > 0) await tools.declare(definition)
    },
    async [Symbol.asyncDispose]() {
      await engine.close({ drainMs })
      await tools.close()
      await database?.close()
    },
  }
}

async function openStored(database: SqlDatabase, clock: CommandContext['world']['clock']): Promise<DurableBackend> {
  const { postgresBackend } = await import('@parley/postgres')
  return postgresBackend({ database, clock })
}

function localModel(): ReturnType<typeof createLocalModel> {
  return createLocalModel({ rules: { parley_rules: 1, agent: 'local', rules: [] } })
}
