import type { ContentPart, ToolResultPart } from '@parley/spec'

/** A `data:` or other address as a part of ours. */
export function fromAddress(type: 'image' | 'audio' | 'file', address: string, name?: string): ContentPart {
  const match = /^data:([^;,]*)[^,]*;base64,(.*)$/s.exec(address)
  const named = name === undefined ? {} : { name }
  if (!match) return { type, mimeType: `${type === 'file' ? 'application' : type}/*`, url: address, ...named }
  return { type, mimeType: match[1] ?? '', data: fromBase64(match[2] ?? ''), ...named }
}

/** The bytes behind base64 text. */
export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.codePointAt(0) ?? 0)
}

/** Text alone as a string, as callers of the port write it. */
export function simplify(parts: ContentPart[]): string | ContentPart[] {
  const texts = parts.flatMap((part) => (part.type === 'text' ? [part.text] : []))
  return texts.length === parts.length ? texts.join('') : parts
}

/** A tool's answer; one that begins with `Error: ` is a failure, since the wire has no flag for it. */
export function toToolResult(callId: string, name: string, content: string | ContentPart[]): ToolResultPart {
  if (typeof content !== 'string' || !content.startsWith('Error: ')) return { callId, name, content }
  return { callId, name, content: content.slice('Error: '.length), isError: true }
}
