import type { Region, WorkflowDefinition, WorkflowLimits } from '@parley/spec'

/** A definition that is not finished: without its hash, perhaps without implied edges. */
export type WorkflowDraft = Omit<WorkflowDefinition, 'hash'>

/** Caps of a run that says nothing. */
export const defaultLimits: WorkflowLimits = { maxConcurrency: 32, maxModelCalls: 50, maxVisits: 1000 }

/** A draft of which only the name and the steps are known. */
export function defaultDraft(name: string, root: Region): WorkflowDraft {
  return {
    name,
    version: '1',
    root,
    defaults: { tier: 'balanced' },
    templates: {},
    servers: { rest: [], mcp: [] },
    functions: {},
    limits: { ...defaultLimits },
    compat: {},
    sensitiveKeys: [],
    metadata: {},
  }
}
