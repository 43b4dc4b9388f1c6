import { toWire, type Content, type EphemeralEvent, type Json, type RoomEvent } from '@parley/spec'

/**
 * An event as it goes over the wire: snake_case, without what a provider sent (`source.raw`), which is kept for audit.
 * @param content - in place of the event's own, as the receiver can show it
 */
export function toWireEvent(event: RoomEvent, content: Content = event.content): { [key: string]: Json } {
  const { raw: _raw, ...source } = event.source
  // An object goes in, so an object comes out.
  return toWire({ ...event, source, content }) as { [key: string]: Json }
}

/** Frames of events that do not change any more; a hundred peers that come back at once share them. */
const frames = new WeakMap<RoomEvent, string>()

/** `event { index, event }`. */
export function encodeEvent(event: RoomEvent, content: Content = event.content): string {
  if (content !== event.content || !Object.isFrozen(event)) return frameOf(event, content)
  let frame = frames.get(event)
  if (frame === undefined) {
    frame = frameOf(event, content)
    frames.set(event, frame)
  }
  return frame
}

function frameOf(event: RoomEvent, content: Content): string {
  return `{"type":"event","index":${event.index},"event":${JSON.stringify(toWireEvent(event, content))}}`
}

/** `delta { from, turn_id, segment_id, seq, text }` for text that is being written, else `ephemeral { event }`. */
export function encodeEphemeral({ type, from, at, data }: EphemeralEvent): string {
  if (type === 'outputDelta' && typeof data === 'object' && data !== null && !Array.isArray(data)) {
    // An object goes in, so an object comes out.
    return JSON.stringify({ type: 'delta', from, ...(toWire(data) as { [key: string]: Json }) })
  }
  return JSON.stringify({ type: 'ephemeral', event: { type, from, at, data } })
}

/** `resync { from }`: the peer was too slow; events from this index on follow. */
export function encodeResync(from: number): string {
  return `{"type":"resync","from":${from}}`
}
