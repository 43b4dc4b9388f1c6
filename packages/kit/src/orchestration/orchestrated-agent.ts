import type { Channel, ChannelId } from '@parley/spec'

/** What orchestration reads of an agent. An `Agent` is one; agents are never changed by it. */
export interface OrchestratedAgent extends Channel {
  /** It has no model, so it takes no text or cascaded turns. */
  readonly isConfigOnly?: boolean | undefined
  readonly name?: string | undefined
  readonly role?: string | undefined
  readonly description?: string | undefined
  /** What other agents read when they choose whom to hand over to. */
  readonly purpose?: string | undefined
  readonly greeting?: string | Readonly<Record<string, string>> | undefined
  readonly greetingPrompt?: string | undefined
  readonly language?: string | undefined
  /** @default true */
  readonly autoGreet?: boolean | undefined
}

/** Whether a channel is an agent. */
export function isAgent(channel: Channel | undefined): channel is OrchestratedAgent {
  return channel?.category === 'intelligence'
}

/** The name people and other agents see an agent by: its name, else its role, else its id. */
export function agentNameOf(agent: OrchestratedAgent | undefined, agentId: ChannelId): string {
  return agent?.name ?? agent?.role ?? agentId
}

/** What other agents read of it: its purpose, else its description, else its role. */
export function agentPurposeOf(agent: OrchestratedAgent | undefined): string | null {
  return agent?.purpose ?? agent?.description ?? agent?.role ?? null
}
