import type { WorkflowDraft } from '../definition/definition-defaults.ts'
import type { DocumentOrigins } from './document-origins.ts'

/** What one of the three shapes was read into. */
export interface DocumentDraft {
  draft: WorkflowDraft
  origins: DocumentOrigins
}

/** A document as an object of keys, before any of them is read. */
export type DocumentKeys = { readonly [key: string]: unknown }
