import type { Json, JsonSchema, Region } from '@parley/spec'
import type { DocumentLimits } from './document-limits.ts'
import type { DocumentOrigins } from './document-origins.ts'
import type { DocumentPath, DocumentProblems } from './document-problems.ts'

/** What nodes take from the head of their document. */
export interface NodeHead {
  model?: string
  modelOptions?: { [key: string]: Json }
  service?: string
  collection?: string
  /** Types by name. */
  dataTypes: { readonly [name: string]: JsonSchema }
}

/** A region with the places of its steps in the document. */
export interface RegionReading {
  region: Region
  origins: DocumentOrigins
}

/** What the parts of a document are read with. */
export interface DocumentContext {
  readonly problems: DocumentProblems
  readonly limits: DocumentLimits
  /** Counts the steps of all regions. */
  readonly counter: { steps: number }
  /** Regions around what is read, 1 for the steps of the root. */
  readonly depth: number
  readonly head: NodeHead
  /** From the names of a document's functions to those under which the host has registered them. */
  readonly functionPaths: ReadonlyMap<string, string>
  /** Reads the keys of a region: `steps`, or `nodes`. */
  readRegion(value: unknown, at: DocumentPath, context: DocumentContext): RegionReading | undefined
}
