import type { Json } from '@parley/spec'
import type { scripted } from '../../__fixtures__/orchestrated-kit.ts'

type Scripted = ReturnType<typeof scripted>
type Call = { toolCalls: { name: string; arguments: Json }[] }

/** A call of a tool by a scripted model. */
export const call = (name: string, args: Json): Call => ({ toolCalls: [{ name, arguments: args }] })

/** A verdict as a reviewer hands it in. */
export const verdict = (approved: boolean, feedback = ''): Call =>
  call('submit_result', { status: 'completed', summary: 'Reviewed.', data: { approved, feedback } })

/** A model that never answers. */
export const never = (): Promise<string> => new Promise<string>(() => {})

/** Names of the tools that were offered in a request. */
export const tooled = (agent: Scripted, request: number): string[] =>
  agent.script.requests[request]?.tools?.map(({ name }) => name) ?? []

/** All messages of a request, as JSON text. */
export const asked = (agent: Scripted, request: number): string =>
  JSON.stringify(agent.script.requests[request]?.messages)

/** Whom the handoff tool of a request offered. */
export const targetsOf = (agent: Scripted, request: number): Json | undefined =>
  (
    agent.script.requests[request]?.tools?.find(({ name }) => name === 'handoff_conversation')?.parameters[
      'properties'
    ] as { target: { enum: string[] } } | undefined
  )?.target.enum
