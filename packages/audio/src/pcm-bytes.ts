import type { AudioEncoding } from '@parley/spec'

import { isLittleEndianHost } from './byte-order.ts'
import { toSample } from './fade.ts'
import { decodePcma, decodePcmu, encodePcma, encodePcmu } from './g711.ts'

const bytesPerSample: Readonly<Record<AudioEncoding, number>> = { pcm16: 2, pcmu: 1, pcma: 1, f32: 4 }

/** Bytes that one sample of one channel takes. */
export function bytesPerSampleOf(encoding: AudioEncoding): number {
  return bytesPerSample[encoding]
}

/**
 * Writes samples as bytes of an encoding, little-endian whatever the machine. The bytes are a copy.
 * `littleEndianHost` says how the machine keeps numbers; tests give it.
 */
export function toBytes(
  samples: Int16Array,
  encoding: AudioEncoding,
  littleEndianHost: boolean = isLittleEndianHost,
): Uint8Array {
  if (encoding === 'pcmu') return encodePcmu(samples)
  if (encoding === 'pcma') return encodePcma(samples)
  const bytes = new Uint8Array(samples.length * bytesPerSample[encoding])
  if (encoding === 'pcm16' && littleEndianHost) {
    bytes.set(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength))
    return bytes
  }
  const view = new DataView(bytes.buffer)
  for (let index = 0; index < samples.length; index++) {
    const sample = samples[index] as number // below the length
    if (encoding === 'pcm16') view.setInt16(index * 2, sample, true)
    else view.setFloat32(index * 4, sample / 32_768, true)
  }
  return bytes
}

/**
 * Reads bytes of an encoding into `target`, which is made when it is not given; a rest that is no whole sample is left out.
 * `littleEndianHost` says how the machine keeps numbers; tests give it.
 */
export function fromBytes(
  bytes: Uint8Array,
  encoding: AudioEncoding,
  target?: Int16Array,
  littleEndianHost: boolean = isLittleEndianHost,
): Int16Array {
  if (encoding === 'pcmu') return decodePcmu(bytes, target)
  if (encoding === 'pcma') return decodePcma(bytes, target)
  const width = bytesPerSample[encoding]
  const length = Math.floor(bytes.length / width)
  const samples = target ?? new Int16Array(length)
  if (encoding === 'pcm16' && littleEndianHost) {
    // A view needs an even address, which a part of a message may not have: the target always has one.
    new Uint8Array(samples.buffer, samples.byteOffset, length * 2).set(bytes.subarray(0, length * 2))
  } else {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let index = 0; index < length; index++) {
      samples[index] =
        encoding === 'pcm16' ? view.getInt16(index * 2, true) : toSample(view.getFloat32(index * 4, true) * 32_768)
    }
  }
  return samples.length === length ? samples : samples.subarray(0, length)
}
