import type { CallOptions } from '@parley/spec'

const maxPairs = 16
const maxKeyLength = 64
const maxValueLength = 512

/** What a call is for, as the metadata of a request, within the limits of the vendor; nothing when there is none. */
export function toVendorMetadata({ purpose, metadata = {} }: CallOptions): { metadata?: Record<string, string> } {
  const pairs = Object.entries({ ...metadata, ...(purpose === undefined ? {} : { purpose }) })
    .filter(([key, value]) => key.length <= maxKeyLength && typeof value === 'string')
    .slice(0, maxPairs)
    .map(([key, value]) => [key, value.slice(0, maxValueLength)] as const)
  return pairs.length === 0 ? {} : { metadata: Object.fromEntries(pairs) }
}
