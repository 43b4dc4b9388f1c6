import {
  checkOptions,
  ParleyError,
  type AgentRunner,
  type AnyTool,
  type ChannelId,
  type ChatModel,
  type ChatRequest,
  type Clock,
  type Contract,
  type IdSource,
  type JsonSchema,
  type MemoryProvider,
  type ToolKernel,
  type ToolPolicy,
  type ToolSource,
} from '@parley/spec'
import type { SkillSource } from '../skills/skill-source.ts'
import { resolveAgentLimits, type AgentLimits } from './agent-limits.ts'
import type { StepRecord } from './loop-event.ts'

/** Renders templates with the data of a run; implemented by the `RunContext` of `workflow`. */
export interface PromptRenderer {
  renderPrompt(prompt: string): Promise<string>
}

/** Tools of an agent: a list (sources among them), or a record whose keys are the names. */
export type AgentTools = readonly (AnyTool | ToolSource)[] | { readonly [name: string]: AnyTool }

/** What an agent is and works with. */
export interface AgentOptions {
  /** Without model and runner the agent is config-only: it holds identity, prompt, tools and voice. */
  model?: ChatModel
  /**
   * Answers in the model's place where a call has to spend less or to answer sooner (`callBudget`, `latencyBudget`).
   * @default none: the model answers on
   */
  fallbackModel?: ChatModel
  /** Makes each turn one run of it, in place of a model. */
  runner?: AgentRunner
  systemPrompt?: string
  role?: string
  description?: string
  scope?: string
  /** What people and other agents see. @default the role, else the id */
  name?: string
  /** What other agents read when they choose a target. @default description, else role */
  purpose?: string
  voice?: string | Record<string, string>
  voices?: Record<string, string>
  greeting?: string | Record<string, string>
  greetingPrompt?: string
  language?: string
  /** @default true */
  autoGreet?: boolean
  tools?: AgentTools
  /** Names that stay described when there are too many tools to describe. */
  pinnedTools?: string[]
  /** Addresses or names that may be used; absent all, `[]` none. */
  allowedTools?: string[]
  policy?: ToolPolicy
  kernel?: ToolKernel
  /** What the model is told about its tools, in the system prompt. */
  toolNotes?: string
  /** @default the last 50 events */
  memory?: MemoryProvider
  skills?: SkillSource
  /** Gives the model a plan it keeps up to date. @default false */
  planning?: boolean
  /** What happens to messages that come while a turn runs. @default 'queue' */
  whileBusy?: 'queue' | 'merge' | 'restart'
  limits?: Partial<AgentLimits>
  /** What is said in the reply's place when a turn fails. @default nothing */
  onFailure?: string
  /** Whether turns are taken while muted, for tasks and observations. @default false */
  observesWhenMuted?: boolean
  /** Handed to tools. */
  deps?: unknown
  /** A declared output: the answer is JSON of this contract. */
  output?: Contract
  /** For contracts that cannot say their own JSON Schema. */
  outputJsonSchema?: JsonSchema
  /** Puts a parsed output into words for people. */
  render?: (value: never) => string
  /** How much of the log the agent wants to see. */
  recentEventsWindow?: number
  /** Of each request: temperature, reasoning and the like. */
  generation?: Pick<ChatRequest, 'temperature' | 'topP' | 'stop' | 'seed' | 'reasoning' | 'vendor' | 'maxOutputTokens'>
  /** Renders `promptTemplate` and the system prompt of `prompt`. */
  runContext?: PromptRenderer
  /** Put around the task of `prompt`; `{{ task }}` stands for it. */
  promptTemplate?: string
  /** Called with each step of `prompt`, sensitive values masked. */
  onStep?: (record: StepRecord) => void
  /** Keeps requests in step records. @default false */
  debug?: boolean
  /** How tools reach the model: natively, or as the steps' structured output. @default by the model's card */
  toolProtocol?: 'auto' | 'native' | 'steps'
  /** For `prompt`; a room brings its own. @default the machine's */
  clock?: Clock
  ids?: IdSource
}

const known: readonly (keyof AgentOptions)[] = [
  'model',
  'fallbackModel',
  'runner',
  'systemPrompt',
  'role',
  'description',
  'scope',
  'name',
  'purpose',
  'voice',
  'voices',
  'greeting',
  'greetingPrompt',
  'language',
  'autoGreet',
  'tools',
  'pinnedTools',
  'allowedTools',
  'policy',
  'kernel',
  'toolNotes',
  'memory',
  'skills',
  'planning',
  'whileBusy',
  'limits',
  'onFailure',
  'observesWhenMuted',
  'deps',
  'output',
  'outputJsonSchema',
  'render',
  'recentEventsWindow',
  'generation',
  'runContext',
  'promptTemplate',
  'onStep',
  'debug',
  'toolProtocol',
  'clock',
  'ids',
]

/** An agent's tools, sorted into own ones and sources. */
export interface SortedTools {
  own: AnyTool[]
  sources: ToolSource[]
}

/**
 * Checks what can be checked without a turn.
 * @throws {ParleyError} `invalid_options`, `tool_invalid`, `tool_duplicate`
 */
export function checkAgentOptions(channelId: ChannelId, options: AgentOptions): SortedTools {
  if (typeof channelId !== 'string' || channelId === '') {
    throw invalid('channelId', 'non-empty text', 'An agent needs an id.')
  }
  checkOptions('Agent', options, known)
  if (options.model !== undefined && options.runner !== undefined) {
    throw invalid('runner', 'model or runner', `Agent ${channelId} has a model and a runner. Give one of them.`)
  }
  if (options.fallbackModel !== undefined && options.model === undefined) {
    throw invalid('fallbackModel', 'a model beside it', `Agent ${channelId} has a fallback of a model it has not.`)
  }
  const { whileBusy = 'queue' } = options
  if (whileBusy !== 'queue' && whileBusy !== 'merge' && whileBusy !== 'restart') {
    throw invalid(
      'whileBusy',
      'queue, merge or restart',
      `Agent ${channelId} cannot be "${String(whileBusy)}" while busy.`,
    )
  }
  resolveAgentLimits(options.limits)
  return sortTools(channelId, options.tools ?? [])
}

function sortTools(agentId: ChannelId, tools: AgentTools): SortedTools {
  const sorted: SortedTools = { own: [], sources: [] }
  const given: [string | undefined, AnyTool | ToolSource][] = isList(tools)
    ? tools.map((tool) => [undefined, tool])
    : Object.entries(tools)
  const names = new Set<string>()
  for (const [key, tool] of given) {
    if ('tools' in tool) {
      sorted.sources.push(tool)
      continue
    }
    const name = key ?? tool.name
    if (typeof tool.run !== 'function' || name === '') {
      throw new ParleyError({
        code: 'tool_invalid',
        message: `A tool of agent ${agentId} has no name or is no tool. Make tools with defineTool and give each a name.`,
        details: { agentId, name },
      })
    }
    if (names.has(name)) {
      throw new ParleyError({
        code: 'tool_duplicate',
        message: `Agent ${agentId} has two tools named "${name}". Rename one.`,
        details: { agentId, name },
      })
    }
    names.add(name)
    sorted.own.push(name === tool.name ? tool : { ...tool, name })
  }
  return sorted
}

// Array.isArray does not narrow readonly arrays out of a union.
function isList(tools: AgentTools): tools is readonly (AnyTool | ToolSource)[] {
  return Array.isArray(tools)
}

function invalid(path: string, expected: string, message: string): ParleyError {
  return new ParleyError({ code: 'invalid_options', message, details: { path, expected } })
}
