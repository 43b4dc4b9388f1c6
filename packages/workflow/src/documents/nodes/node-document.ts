import { z } from 'zod'
import { defaultDraft } from '../../definition/definition-defaults.ts'
import type { DocumentDraft, DocumentKeys } from '../document-draft.ts'
import type { DocumentReading } from '../document-reading.ts'
import { createContext, nodeHeadFields } from '../native-document.ts'
import { readMcpServers, readRestServers } from '../parts/read-servers.ts'
import { readTemplates } from '../parts/read-templates.ts'
import { headFields, readLimits, readName } from '../read-head.ts'
import { readRegion } from '../read-region.ts'
import { readShape } from '../read-shape.ts'
import { definedFields } from '../wire-fields.ts'

/** Read by a shape of its own. */
const part = z.unknown().optional()

const nodeDocumentShape = z.strictObject({
  ...headFields,
  ...nodeHeadFields,
  nodes: part,
  rest_servers: part,
  mcp_servers: part,
  functions: part,
  python_functions: part,
  templates: part,
})

/** Reads a document of nodes: a flow that one token walks. */
export function readNodeDocument(keys: DocumentKeys, reading: DocumentReading): DocumentDraft {
  const { problems } = reading
  const read: z.output<typeof nodeDocumentShape> = readShape(nodeDocumentShape, keys, [], problems) ?? {}
  const root = readRegion(definedFields({ nodes: read.nodes }), [], createContext(read, reading))
  return {
    draft: {
      ...defaultDraft(readName(read.name, keys, problems), root?.region ?? { kind: 'flow', start: 'start', steps: [] }),
      ...definedFields({ version: read.version ?? '2.0', description: read.description }),
      templates: readTemplates(read.templates, ['templates'], problems),
      servers: {
        rest: readRestServers(read.rest_servers, ['rest_servers'], reading),
        mcp: readMcpServers(read.mcp_servers, ['mcp_servers'], reading),
      },
      limits: readLimits(undefined, undefined, reading),
    },
    origins: root?.origins ?? new Map(),
  }
}
