/** Bytes before the audio of a binary frame. */
export const CALL_FRAME_HEADER_BYTES = 16

/** The largest payload of a frame, in bytes. */
export const CALL_FRAME_MAX_PAYLOAD_BYTES = 8_192

const codecs = ['pcm16', 'pcmu', 'pcma', 'opus'] as const
const rates = [8_000, 16_000, 24_000, 48_000] as const
const frameVersion = 1

/** How audio of a browser call is written. */
export type CallCodec = (typeof codecs)[number]

/** Sample rates of a browser call, in hertz. */
export type CallRate = (typeof rates)[number]

/** One binary frame of `/v1/calls/{callId}/media` (`voice.md` 21). */
export interface CallFrame {
  codec: CallCodec
  rate: CallRate
  /** Something is missing before this frame. */
  gap: boolean
  /** Nothing more comes of this segment. */
  last: boolean
  /** A keypad tone, which is not held back. */
  priority: boolean
  /** uint32, +1 per frame, wraps. */
  sequence: number
  /** Of the first sample; uint32, wraps. */
  position: number
  /** uint32; 0 on the way up. */
  epoch: number
  payload: Uint8Array
}

/** Writes a frame: 16 bytes little-endian, then the payload. Numbers beyond uint32 wrap. */
export function encodeCallFrame(frame: CallFrame): Uint8Array {
  const bytes = new Uint8Array(CALL_FRAME_HEADER_BYTES + frame.payload.length)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, frameVersion)
  view.setUint8(1, codecs.indexOf(frame.codec))
  view.setUint8(2, rates.indexOf(frame.rate))
  view.setUint8(3, (frame.gap ? 1 : 0) | (frame.last ? 2 : 0) | (frame.priority ? 4 : 0))
  view.setUint32(4, frame.sequence, true)
  view.setUint32(8, frame.position, true)
  view.setUint32(12, frame.epoch, true)
  bytes.set(frame.payload, CALL_FRAME_HEADER_BYTES)
  return bytes
}

/** Reads a frame; undefined for one that is damaged, too large, or of another version. The payload is a view of `bytes`. */
export function parseCallFrame(bytes: Uint8Array): CallFrame | undefined {
  const payloadBytes = bytes.length - CALL_FRAME_HEADER_BYTES
  if (payloadBytes < 0 || payloadBytes > CALL_FRAME_MAX_PAYLOAD_BYTES) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const codec = codecs[view.getUint8(1)]
  const rate = rates[view.getUint8(2)]
  const flags = view.getUint8(3)
  if (view.getUint8(0) !== frameVersion || codec === undefined || rate === undefined || flags > 7) return undefined
  return {
    codec,
    rate,
    gap: (flags & 1) !== 0,
    last: (flags & 2) !== 0,
    priority: (flags & 4) !== 0,
    sequence: view.getUint32(4, true),
    position: view.getUint32(8, true),
    epoch: view.getUint32(12, true),
    payload: bytes.subarray(CALL_FRAME_HEADER_BYTES),
  }
}

/** The position that follows a known one, counted on past the wrap of uint32; goes back where the sender did. */
export function unwrapPosition(wrapped: number, near: number): number {
  const span = 2 ** 32
  const distance = (((wrapped - near) % span) + span) % span
  return near + (distance < span / 2 ? distance : distance - span)
}
