import { ParleyError, type ToolKernel, type WorkflowDefinition } from '@parley/spec'
import { toolServers } from '@parley/workflow'

/** A kernel whose tools are those of the servers that a workflow declares. */
export interface DeclaredTools extends ToolKernel {
  /** Makes the servers of a workflow known; nothing is connected before a tool is called. */
  declare(definition: WorkflowDefinition): Promise<void>
}

/**
 * Tools for documents of the command line, where no configuration gives a kernel. Of the environment they see the
 * variables that documents may read.
 */
export function createDeclaredTools(env: { readonly [name: string]: string | undefined }): DeclaredTools {
  const visible = Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      /^PARLEY_TOOL_\w+$/.test(name) && value !== undefined ? [[name, value]] : [],
    ),
  )
  let kernel: ToolKernel | undefined
  return {
    async declare(definition) {
      await kernel?.close()
      const servers = toolServers(definition, visible)
      const [{ FunctionKernel }, { createMcpHost }] = await Promise.all([import('@parley/kit'), import('@parley/mcp')])
      kernel = new FunctionKernel({ ...servers, mcpHost: createMcpHost(), env: visible })
    },
    register: () => {
      throw nothing('register')
    },
    describe: (allowed) => kernel?.describe(allowed) ?? [],
    async call(uri, args, context) {
      if (kernel === undefined) throw nothing(uri)
      return await kernel.call(uri, args, context)
    },
    async close() {
      await kernel?.close()
    },
  }
}

function nothing(asked: string): ParleyError {
  return new ParleyError({
    code: 'tool_unknown',
    message: `There is no tool ${asked} here. Declare its server in the document, under rest_servers or mcp_servers.`,
  })
}
