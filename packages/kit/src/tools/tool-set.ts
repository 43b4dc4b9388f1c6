import { matchesGlob, nearestNames, ParleyError, type AnyTool, type Json, type ToolDefinition } from '@parley/spec'
import type { LoopInput, StepTools } from '../agent/loop-input.ts'
import { isToolAllowed } from './tool-policy.ts'

/** Where a tool comes from. Results of `source` tools are text of strangers. */
export type ToolOrigin = 'room' | 'agent' | 'kernel' | 'source' | 'builtin'

/** A tool as one step knows it. */
export interface StepTool {
  /** What the model calls it by. */
  name: string
  tool: AnyTool
  origin: ToolOrigin
  isAllowed: boolean
  /** Stays described when the others must be searched for. */
  isPinned: boolean
}

/** The tools of one step. */
export interface ToolSet {
  get(name: string): StepTool | undefined
  readonly allowed: readonly StepTool[]
  /** Names like a wrong one, nearest first. */
  near(name: string): string[]
}

/** A function's address; tools of kernels carry theirs. */
const addresses = new WeakMap<AnyTool, string>()

/** Marks a tool with the address by which policies may know it. */
export function withAddress(tool: AnyTool, uri: string): AnyTool {
  addresses.set(tool, uri)
  return tool
}

/**
 * Asks all sources for their tools. One that fails or takes too long is left out with a receipt; a name that is taken
 * already is prefixed by its source.
 */
export async function resolveTools(
  input: LoopInput,
  sources: readonly StepTools[],
  signal: AbortSignal,
): Promise<ToolSet> {
  const found = await Promise.all(sources.map((source) => askSource(source, input, signal)))
  const byName = new Map<string, StepTool>()
  for (const [index, source] of sources.entries()) {
    for (const tool of found[index] ?? []) {
      const name = byName.has(tool.name) ? `${source.id}__${tool.name}` : tool.name
      if (byName.has(name)) {
        await input.services.receipt('tool', { source: source.id, name, code: 'tool_duplicate' })
        continue
      }
      byName.set(name, {
        name,
        tool,
        origin: source.origin,
        isAllowed: isAllowed(input, source, tool, name),
        isPinned: source.isPinned ?? false,
      })
    }
  }
  const allowed = [...byName.values()].filter((entry) => entry.isAllowed)
  return {
    get: (name) => byName.get(name),
    allowed,
    near: (name) =>
      nearestNames(
        name,
        allowed.map((entry) => entry.name),
      ),
  }
}

/** A tool as the model is told of it. */
export function toDefinition({ name, tool }: StepTool): ToolDefinition {
  return { name, description: tool.description, parameters: tool.inputJsonSchema }
}

function isAllowed(
  { policy, allowedTools, context }: LoopInput,
  source: StepTools,
  tool: AnyTool,
  name: string,
): boolean {
  if (source.origin === 'builtin') return true
  const uri = addresses.get(tool)
  if (allowedTools !== undefined && source.origin !== 'room') {
    const isListed = matchesGlob(allowedTools, name) || matchesGlob(allowedTools, uri ?? `function://${tool.name}`)
    if (!isListed) return false
  }
  return isToolAllowed(policy, { name, uri: uri ?? `function://${tool.name}` }, context.participant?.role)
}

async function askSource(source: StepTools, input: LoopInput, signal: AbortSignal): Promise<readonly AnyTool[]> {
  let asked: ReturnType<StepTools['tools']>
  try {
    asked = source.tools()
  } catch (thrown) {
    return leaveOut(source, input, thrown)
  }
  // Tools that are at hand need no timer.
  if (!(asked instanceof Promise)) return asked
  const { toolSourceMs } = input.limits
  let fail: (reason: unknown) => void = () => {}
  const onAbort = (): void => fail(signal.reason)
  const cancel = input.context.clock.setTimer(toolSourceMs, () => fail(tooLate(source.id, toolSourceMs)))
  const answer = asked
  try {
    return await new Promise<readonly AnyTool[]>((resolve, reject) => {
      fail = reject
      if (signal.aborted) onAbort()
      else signal.addEventListener('abort', onAbort, { once: true })
      answer.then(resolve, reject)
    })
  } catch (thrown) {
    if (signal.aborted) throw thrown
    return await leaveOut(source, input, thrown)
  } finally {
    cancel()
    signal.removeEventListener('abort', onAbort)
  }
}

async function leaveOut(source: StepTools, { services }: LoopInput, thrown: unknown): Promise<readonly AnyTool[]> {
  services.reportError(thrown, 'tools')
  const code: Json = ParleyError.isInstance(thrown) ? thrown.code : 'tool_unavailable'
  await services.receipt('tool', { source: source.id, code, leftOut: true })
  return []
}

function tooLate(source: string, limitMs: number): ParleyError {
  return new ParleyError({
    code: 'tool_unavailable',
    message: `The tool source "${source}" did not answer within ${limitMs} ms and is left out of this step.`,
    details: { source, limitMs },
  })
}
