import { Agent, slidingWindow } from '@parley/kit'
import type { AnyTool, ChatModel, RoomEvent, RoomId } from '@parley/spec'
import { findAccountTool, verifyCallerTool } from '../tools/account-tools.ts'
import { explainInvoiceTool, issueCreditTool, listInvoicesTool } from '../tools/billing-tools.ts'
import type { HarborServices } from '../tools/harbor-services.ts'
import { searchHelpTool } from '../tools/help-tools.ts'
import { applyOfferTool, changePlanTool, listOffersTool } from '../tools/retention-tools.ts'
import { noteTool, requestHumanTool } from '../tools/supervisor-tools.ts'
import { areaOutageTool, rebootModemTool, runLineTestTool } from '../tools/technical-tools.ts'
import { listSlotsTool, openTicketTool, scheduleVisitTool } from '../tools/ticket-tools.ts'
import { voices } from '../voice/voices.ts'
import { agentProfiles, type AgentProfile } from './agent-profiles.ts'
import { caseMemory } from './case-memory.ts'
import { createSupervisorModel, factsMemory } from './supervisor-model.ts'

/** An agent that talks with callers. */
export type SpeakingAgentId = Exclude<AgentProfile['id'], 'supervisor'>

/** What agents are made of. */
export interface CreateAgentsOptions {
  services: HarborServices
  /** The model that speaks for an agent. */
  modelFor: (agentId: SpeakingAgentId) => ChatModel
  /** The whole log of a room, for the supervisor. */
  readLog: (roomId: RoomId) => Promise<RoomEvent[]>
}

/** Events an agent reads of the past: the local model reads its slots and results from them. */
const recentEventsWindow = 300

// While these wait for a PIN or a yes, another message of the caller ends the wait and is answered.
const restarts: ReadonlySet<string> = new Set(['triage', 'retention'])

/** The tools of each agent, as its scope allows. */
export function toolsOf(agentId: AgentProfile['id'], services: HarborServices): AnyTool[] {
  const help = searchHelpTool(services)
  switch (agentId) {
    case 'triage':
      return [findAccountTool(services), verifyCallerTool(services), help]
    case 'billing':
      return [listInvoicesTool(services), explainInvoiceTool(services), issueCreditTool(services), help]
    case 'technical':
      return [
        areaOutageTool(services),
        runLineTestTool(services),
        rebootModemTool(services),
        openTicketTool(services),
        listSlotsTool(services),
        scheduleVisitTool(services),
        help,
      ]
    case 'retention':
      return [listOffersTool(services), applyOfferTool(services), changePlanTool(services), openTicketTool(services)]
    case 'supervisor':
      return [noteTool(), requestHumanTool()]
  }
}

/** Riley, Morgan, Sam, Jordan and Quinn, ready to be registered. */
export function createAgents({ services, modelFor, readLog }: CreateAgentsOptions): Agent[] {
  return agentProfiles.map(({ id, greeting, ...identity }) => {
    const common = { ...identity, language: 'English', tools: toolsOf(id, services) }
    if (id === 'supervisor') {
      return new Agent(id, {
        ...common,
        model: createSupervisorModel(),
        memory: factsMemory(readLog),
        autoGreet: false,
      })
    }
    return new Agent(id, {
      ...common,
      model: modelFor(id),
      recentEventsWindow,
      memory: caseMemory(slidingWindow({ events: recentEventsWindow })),
      whileBusy: restarts.has(id) ? 'restart' : 'queue',
      onFailure: 'Sorry, I cannot answer right now. Please say that again, or ask for a person.',
      voice: voices[id],
      ...(greeting === undefined ? {} : { greeting }),
    })
  })
}
