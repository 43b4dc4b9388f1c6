import { ParleyError } from '@parley/spec'
import type { SpeakingAgentId } from '../agents/create-agents.ts'

/** The voice of each agent, by engine: one row per agent. */
export const voices: Readonly<Record<SpeakingAgentId, Readonly<Record<string, string>>>> = {
  triage: { flite: 'slt' },
  billing: { flite: 'rms' },
  technical: { flite: 'awb' },
  retention: { flite: 'kal' },
}

/** Refuses an engine that an agent has no voice for. @throws {ParleyError} `config_invalid` */
export function checkVoices(engine: string): void {
  for (const [agentId, byEngine] of Object.entries(voices)) {
    if (byEngine[engine] !== undefined) continue
    throw new ParleyError({
      code: 'config_invalid',
      message: `Agent ${agentId} has no voice for the engine "${engine}". Add it to voices.ts.`,
      details: { path: `voices.${agentId}`, engine },
    })
  }
}
