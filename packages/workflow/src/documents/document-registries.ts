import type { Contract } from '@parley/spec'
import type { DefinitionPorts } from '../definition/check/check-options.ts'
import type { RegisteredFunction } from '../step/step-context.ts'

/** What documents may name. Functions, contracts and handlers that are not here do not exist. */
export interface DocumentRegistries {
  functions?: ReadonlyMap<string, RegisteredFunction>
  contracts?: ReadonlyMap<string, Contract>
  /** Names of handlers of the action `custom`. */
  handlers?: readonly string[]
  /** URIs. Absent: not checked. */
  tools?: readonly string[]
  /** Absent: not checked. */
  agents?: readonly string[]
  /** Absent: not checked. */
  workflows?: readonly string[]
  /** Providers of models, the part before the slash. Absent: not checked. */
  providers?: readonly string[]
  /** Names of REST and MCP servers that the host has; documents from the network may name these and no others. */
  servers?: readonly string[]
  /** Names of environment variables that documents may read besides `PARLEY_TOOL_*`. @default [] */
  allowedEnv?: readonly string[]
  /** Which ports the engine has. Absent: not checked. */
  ports?: DefinitionPorts
}
