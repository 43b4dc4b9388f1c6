import { createHash } from 'node:crypto'

import { durableLimits } from '@parley/spec'
import type { Json } from '@parley/spec'

/** A value as its columns take it: the text, or the hash of a blob, or neither for no value. */
export interface StoredValue {
  text: string | null
  blob: string | null
}

const noValue: StoredValue = { text: null, blob: null }

/** Writes values out; large ones become blobs, one for equal ones. */
export class StoredValues {
  /** By SHA-256 of the text, hex. */
  readonly blobs: Map<string, string> = new Map()
  // The output of a step is a key of the state too: what was just written out is not written out again.
  #last: unknown
  #lastStored: StoredValue = noValue

  store(value: Json | undefined): StoredValue {
    if (value === undefined) return noValue
    if (typeof value === 'object' && value !== null && value === this.#last) return this.#lastStored
    const text = JSON.stringify(value)
    this.#last = value
    this.#lastStored = isLarge(text) ? { text: null, blob: this.#addBlob(text) } : { text, blob: null }
    return this.#lastStored
  }

  #addBlob(text: string): string {
    const hash = createHash('sha256').update(text).digest('hex')
    this.blobs.set(hash, text)
    return hash
  }
}

function isLarge(text: string): boolean {
  if (text.length > durableLimits.maxInlineBytes) return true
  // At most three bytes for a unit of the text.
  return text.length * 3 > durableLimits.maxInlineBytes && Buffer.byteLength(text) > durableLimits.maxInlineBytes
}
