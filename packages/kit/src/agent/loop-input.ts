import type {
  AnyTool,
  ChatMessage,
  ChatModel,
  ChatRequest,
  Contract,
  JsonSchema,
  ToolPolicy,
  TurnContext,
} from '@parley/spec'
import type { TurnServices } from '../core/turn-services.ts'
import type { ToolOrigin } from '../tools/tool-set.ts'
import type { AgentLimits } from './agent-limits.ts'
import type { PromptTexts } from './system-prompt.ts'

/** What the loop needs of its surroundings; the services of a room's turn are this and more. */
export type LoopServices = Pick<
  TurnServices,
  | 'runHook'
  | 'fire'
  | 'takeSteering'
  | 'receipt'
  | 'storeResult'
  | 'readResult'
  | 'progress'
  | 'nextId'
  | 'random'
  | 'reportError'
> &
  Partial<
    Pick<
      TurnServices,
      | 'request'
      | 'background'
      | 'deliverOutcome'
      | 'yielded'
      | 'isSpoken'
      | 'writtenCalls'
      | 'speculation'
      | 'runningCalls'
    >
  >

/** Tools that are asked for anew in each step. */
export interface StepTools {
  id: string
  origin: ToolOrigin
  /** Its tools stay described when the others must be searched for. */
  isPinned?: boolean
  tools(): Promise<readonly AnyTool[]> | readonly AnyTool[]
}

/** Everything the loop of one turn works with; rooms and `prompt` differ in what they put here. */
export interface LoopInput {
  model: ChatModel
  /** What is wrong with a call before it is looked at: arguments that could not be put together. */
  faultOf?: ((callId: string) => string | undefined) | undefined
  /** Passed on to tools and hooks; its signal ends the turn. */
  context: TurnContext
  services: LoopServices
  /** Texts of the system prompt, asked once per step: skills may come and go. */
  promptTexts(): PromptTexts
  messages: ChatMessage[]
  /** Sources of tools, the room's first. */
  sources: readonly StepTools[]
  policy: ToolPolicy | undefined
  /** Addresses allowed beside the policy. */
  allowedTools: readonly string[] | undefined
  /** Names that stay described when the catalogue is searched. */
  pinnedTools: readonly string[]
  limits: AgentLimits
  /** Of the request: temperature and the like. */
  generation: Partial<ChatRequest>
  output?: LoopOutput | undefined
  /** What an approval does unless the tool says. */
  approvalMode: 'detach' | 'suspend'
  /** Whether the context holds text of strangers: retrieved passages. */
  isTainted: boolean
  /** Saying nothing is an answer: observers are not asked again. @default false */
  mayBeSilent?: boolean
  purpose: 'turn' | 'step' | 'opening'
  debug: boolean
}

/** A declared output: asked for as JSON, parsed, and said in words by `render`. */
export interface LoopOutput {
  contract: Contract
  schema: JsonSchema
  /** The text for people; absent, nothing is said. */
  render?: ((value: never) => string) | undefined
}
