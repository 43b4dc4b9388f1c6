import {
  checkContract,
  ToolOutcome,
  type AnyTool,
  type Approval,
  type Contract,
  type Json,
  type ToolDescription,
  type ToolKernel,
  type TurnContext,
} from '@parley/spec'
import type { StepTools } from '../agent/loop-input.ts'
import { FunctionKernel } from './function-kernel.ts'
import { withAddress } from './tool-set.ts'

/** Accepts anything: the kernel parses arguments itself. */
const asGiven: Contract = { '~standard': { version: 1, vendor: 'parley', validate: (value: unknown) => ({ value }) } }

/** A kernel's tools as sources: its functions, and what comes from servers, whose results are text of strangers. */
export function kernelTools(kernel: ToolKernel, context: TurnContext): StepTools[] {
  const all = (isFunction: boolean): AnyTool[] =>
    kernel
      .describe()
      .filter(({ uri }) => uri.startsWith('function://') === isFunction)
      .map((description) => toTool(kernel, description))
  return [
    { id: 'kernel', origin: 'kernel', tools: () => all(true) },
    {
      id: 'server',
      origin: 'source',
      async tools() {
        if (kernel instanceof FunctionKernel) await kernel.connect(context)
        return all(false)
      },
    },
  ]
}

function toTool(kernel: ToolKernel, { uri, name, description, input, effect }: ToolDescription): AnyTool {
  const registered = kernel instanceof FunctionKernel && uri.startsWith('function://') ? kernel.tool(name) : undefined
  const tool: AnyTool = {
    name: name.replaceAll(/[^\w-]/g, '_'),
    description,
    input: asGiven,
    inputJsonSchema: input,
    effect,
    background: registered?.background ?? false,
    confirm: registered?.confirm ?? false,
    approval: registered === undefined ? false : approvalOf(registered),
    sensitive: registered?.sensitive ?? false,
    endsTurn: registered?.endsTurn ?? false,
    timeoutMs: registered?.timeoutMs ?? 60_000,
    // The loop parsed the arguments as JSON.
    run: async (args: Json, context) => new ToolOutcome(await kernel.call(uri, args, context)),
  }
  return withAddress(tool, uri)
}

/** A tool's approval, whose condition reads the parsed input: here the arguments come as they were given. */
function approvalOf({ approval, input }: AnyTool): Approval<never> {
  if (typeof approval !== 'object' || approval.when === undefined) return approval
  const { when } = approval
  return {
    ...approval,
    when(given, context) {
      const checked = checkContract(input, given)
      // The tool's own schema parsed the value; one that cannot be told at once asks someone.
      return checked instanceof Promise || !checked.ok || when(checked.value as never, context)
    },
  }
}
