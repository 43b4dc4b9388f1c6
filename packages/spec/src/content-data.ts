import type { ContentPart } from './chat-model.ts'

type MediaPart = Exclude<ContentPart, { type: 'text' }>

/** A part's bytes as base64, when it carries them: given as bytes or in a `data:` address. */
export function toBase64(part: MediaPart): string | undefined {
  if (part.data !== undefined) return encodeBase64(part.data)
  const match = part.url === undefined ? null : /^data:[^,]*;base64,(.*)$/s.exec(part.url)
  return match?.[1]
}

/** A part as an address: its own, or a `data:` address made of its bytes. */
export function toAddress(part: MediaPart): string {
  if (part.data === undefined) return part.url ?? ''
  return `data:${part.mimeType};base64,${encodeBase64(part.data)}`
}

function encodeBase64(bytes: Uint8Array): string {
  let binary = ''
  // In pieces: a spread of a large array overflows the stack.
  for (let start = 0; start < bytes.length; start += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 0x8000))
  }
  return btoa(binary)
}
