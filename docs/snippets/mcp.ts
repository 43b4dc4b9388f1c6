// The code of packages/mcp/README.md: tools of an MCP server, here the one of an example.
import assert from 'node:assert/strict'

const [command, file] = [process.execPath, 'examples/16-workflow-yaml-with-budget/parcel-server.ts']

//#region connect
import { FunctionKernel } from '@parley/kit'
import { createMcpHost } from '@parley/mcp'
import { createEngine, loadDocument } from '@parley/workflow'

const kernel = new FunctionKernel({
  mcp: [{ id: 'parcels', transport: { kind: 'stdio', command, args: [file] } }], // or { kind: 'http', url }
  mcpHost: createMcpHost(),
})
await using engine = createEngine({ kernel })
const { status, output } = await engine.run(
  loadDocument(`
    parley: 1
    name: where
    steps: [{ id: track, tool: "mcp://parcels.track", inputs: { number: { type: literal, value: P-77 } } }]
    outputs: { place: "{{steps.track.output.place}}" }
  `),
)
await kernel.close() // ends the servers that it started
//#endregion connect
assert.equal(status, 'completed')
assert.deepEqual(output, { place: 'Leipzig' })
