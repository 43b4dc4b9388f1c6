import type { Contract } from '@parley/spec'
import type { FoundProblem } from './found-problem.ts'

/** How much a definition may hold. */
export interface DefinitionLimits {
  /** Steps of all regions together. @default 1000, at most 100 000 */
  maxSteps: number
  /** Regions inside each other. @default 16 */
  maxNesting: number
  /** Models of one race. @default 5 */
  maxCandidates: number
  /** Attempts of one step. @default 20 */
  maxAttempts: number
}

/** Which ports an engine has; one that is absent is not checked. */
export interface DefinitionPorts {
  models?: boolean
  agents?: boolean
  kernel?: boolean
  retrievers?: boolean
  planner?: boolean
}

/** What a definition is checked against. A list that is absent is not checked; an empty one allows no name. */
export interface DefinitionCheckOptions {
  functions?: ReadonlyMap<string, unknown>
  contracts?: ReadonlyMap<string, Contract>
  /** Names of handlers of the action `custom`. */
  handlers?: readonly string[]
  /** URIs. */
  tools?: readonly string[]
  agents?: readonly string[]
  workflows?: readonly string[]
  ports?: DefinitionPorts
  limits?: Partial<DefinitionLimits>
  /** Ids of steps that are written and could not be read: what is wrong with them is told, that they are missing is not. */
  unread?: ReadonlySet<string>
  /** Texts that could not be read while the definition was made; they are listed among those of templates. */
  found?: readonly FoundProblem[]
  /** The definition came from the network: limits are halved. @default false */
  untrusted?: boolean
  /**
   * Line and column, from 1, of what is at a path such as `steps.plan.prompt`; a step inside the step `outer` is at
   * `steps.outer.steps.plan`. `inside` is a place within the text there, for those who can tell it apart.
   */
  positions?: (
    path: string,
    inside?: { readonly line: number; readonly column: number },
  ) => { line: number; column: number } | undefined
}
