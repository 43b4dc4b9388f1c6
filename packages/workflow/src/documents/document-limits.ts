/** How large a document may be. Every number has a hard maximum that options cannot lift. */
export interface DocumentLimits {
  /** Of the text, in UTF-8 bytes. @default 1048576 */
  maxBytes: number
  /** Of `*name` in YAML. @default 100 */
  maxAliases: number
  /** Steps of all regions together. @default 1000 */
  maxSteps: number
  /** Regions inside each other. @default 16 */
  maxRegionDepth: number
}

const defaults: DocumentLimits = { maxBytes: 1_048_576, maxAliases: 100, maxSteps: 1_000, maxRegionDepth: 16 }
const hardMaxima: DocumentLimits = { maxBytes: 16_777_216, maxAliases: 100, maxSteps: 100_000, maxRegionDepth: 16 }

/** Lists and objects inside each other that a document may have. Far more than any region or schema needs. */
export const maxDocumentDepth = 200

/** The limits that hold: what was given within the hard maxima, halved for documents from the network. */
export function documentLimits(given: Partial<DocumentLimits> = {}, untrusted = false): DocumentLimits {
  const limit = (name: keyof DocumentLimits): number => {
    const allowed = Math.min(given[name] ?? defaults[name], hardMaxima[name])
    return untrusted ? Math.floor(allowed / 2) : allowed
  }
  return {
    maxBytes: limit('maxBytes'),
    maxAliases: limit('maxAliases'),
    maxSteps: limit('maxSteps'),
    maxRegionDepth: limit('maxRegionDepth'),
  }
}
