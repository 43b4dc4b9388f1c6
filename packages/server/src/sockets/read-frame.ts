import { ParleyError } from '@parley/spec'
import { parseInput, parseWireJson } from '../http/parse-input.ts'
import { clientFrameSchema, type ClientFrame } from '../streams/client-frames.ts'

/**
 * Reads a frame of a client.
 * @throws {ParleyError} `frame_invalid` naming the field, `body_too_large`
 */
export function readFrame(data: string | Uint8Array, maxBytes: number): ClientFrame {
  if (typeof data !== 'string') {
    throw new ParleyError({
      code: 'frame_invalid',
      message: 'Frames of a room are JSON text, not bytes.',
      details: { expected: 'text' },
    })
  }
  if (Buffer.byteLength(data) > maxBytes) {
    throw new ParleyError({
      code: 'body_too_large',
      message: `The frame is larger than ${maxBytes} bytes. Send longer text by HTTP.`,
      details: { maxBytes },
    })
  }
  try {
    return parseInput(clientFrameSchema, parseWireJson(data))
  } catch (cause) {
    if (!ParleyError.isInstance(cause)) throw cause
    throw new ParleyError({ code: 'frame_invalid', message: cause.message, details: cause.details, cause })
  }
}

/** Which send a faulty frame was, if that much can be read, so that its sender learns about the right one. */
export function refOf(data: string | Uint8Array): string | undefined {
  if (typeof data !== 'string') return undefined
  return /"idempotency_key"\s*:\s*"([^"\\]{1,256})"/.exec(data.slice(0, 4_096))?.[1]
}
