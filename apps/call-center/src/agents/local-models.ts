import { join } from 'node:path'
import { createLocalModel, type LocalModel, type LookupEntry } from '@parley/local'
import type { Clock, ParleyError, SqlDatabase } from '@parley/spec'
import { accountNames } from '../business/accounts.ts'
import type { SpeakingAgentId } from './create-agents.ts'

/** The agents that have rules. */
export const speakingAgentIds: readonly SpeakingAgentId[] = ['triage', 'billing', 'technical', 'retention']

/** What local models need. */
export interface LocalModelsOptions {
  database: SqlDatabase
  clock: Clock
  /** Holds `<agent>.yaml` for each. */
  rulesFolder: string
  /** @default 'UTC' */
  timeZone?: string
  onError?: (error: ParleyError) => void
}

/** One rules model per agent. Customers are recognized by their full names alone, so none is named to somebody else. */
export async function createLocalModels(options: LocalModelsOptions): Promise<Record<SpeakingAgentId, LocalModel>> {
  const { database, clock, rulesFolder, timeZone = 'UTC', onError } = options
  const names = await accountNames(database)
  const entries = names.map(({ id, firstName, lastName }): LookupEntry => ({ id, names: [`${firstName} ${lastName}`] }))
  const customers = ({ text }: { text: string }): LookupEntry[] => {
    const folded = text.toLowerCase()
    return entries.filter(({ names: [name = ''] }) => folded.includes(name.toLowerCase()))
  }
  const make = (agentId: SpeakingAgentId): LocalModel =>
    createLocalModel({
      rules: join(rulesFolder, `${agentId}.yaml`),
      lookups: agentId === 'triage' ? { customers } : {},
      clock,
      timeZone,
      ...(onError === undefined ? {} : { onError }),
    })
  return {
    triage: make('triage'),
    billing: make('billing'),
    technical: make('technical'),
    retention: make('retention'),
  }
}
