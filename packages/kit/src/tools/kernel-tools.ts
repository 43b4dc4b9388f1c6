import { ToolOutcome, type AnyTool, type Contract, type Json, type ToolDescription, type ToolKernel } from '@parley/spec'
import type { StepTools } from '../agent/loop-input.ts'
import { withAddress } from './tool-set.ts'

/** Accepts anything: the kernel parses arguments itself. */
const asGiven: Contract = { '~standard': { version: 1, vendor: 'parley', validate: (value: unknown) => ({ value }) } }

/** A kernel's tools as sources: its functions, and what comes from servers, whose results are text of strangers. */
export function kernelTools(kernel: ToolKernel): StepTools[] {
  const all = (isFunction: boolean): AnyTool[] =>
    kernel
      .describe()
      .filter(({ uri, changed }) => changed !== true && uri.startsWith('function://') === isFunction)
      .map((description) => toTool(kernel, description))
  return [
    { id: 'kernel', origin: 'kernel', tools: () => all(true) },
    { id: 'server', origin: 'source', tools: () => all(false) },
  ]
}

function toTool(kernel: ToolKernel, { uri, name, description, input, effect }: ToolDescription): AnyTool {
  const tool: AnyTool = {
    name: name.replaceAll(/[^\w-]/g, '_'),
    description,
    input: asGiven,
    inputJsonSchema: input,
    effect,
    background: false,
    confirm: false,
    approval: false,
    sensitive: false,
    endsTurn: false,
    timeoutMs: 60_000,
    // The loop parsed the arguments as JSON.
    run: async (args: Json, context) => new ToolOutcome(await kernel.call(uri, args, context)),
  }
  return withAddress(tool, uri)
}
