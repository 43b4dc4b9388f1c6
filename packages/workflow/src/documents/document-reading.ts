import type { DocumentLimits } from './document-limits.ts'
import type { DocumentProblems } from './document-problems.ts'
import type { DocumentRegistries } from './document-registries.ts'

/** What a whole document is read with. */
export interface DocumentReading {
  readonly problems: DocumentProblems
  readonly limits: DocumentLimits
  readonly registries: DocumentRegistries
  /** From the network: names only, no addresses, commands and names of environment variables. */
  readonly untrusted: boolean
}
