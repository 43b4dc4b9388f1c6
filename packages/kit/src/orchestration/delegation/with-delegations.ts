import type { OrchestrationRuntime } from '../../core/orchestration-runtime.ts'
import type { Delegations } from './delegations.ts'

/** An orchestration whose turns also get the tools, notes and budgets of delegations. */
export function withDelegations<Runtime extends OrchestrationRuntime>(runtime: Runtime, delegations: Delegations): Runtime {
  return {
    ...runtime,
    async tools(context) {
      const own = await delegations.tools(context)
      const others = await runtime.tools(context)
      return own.length === 0 ? others : [...others, ...own]
    },
    async notes(context) {
      const own = await delegations.notes(context)
      const others = await runtime.notes(context)
      return own.length === 0 ? others : [...others, ...own]
    },
    async turnEnded(context, state) {
      await delegations.turnEnded(context)
      await runtime.turnEnded(context, state)
    },
    budget: (roomId) => delegations.budget(roomId),
    async recover() {
      await runtime.recover()
      await delegations.recover()
    },
    async close() {
      delegations.close()
      await runtime.close()
    },
  }
}
