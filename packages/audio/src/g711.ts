// G.711 as in ITU-T G.711 and its reference code in G.191: negative samples are one's complemented before they are coded.

const codes = Array.from({ length: 256 }, (_, code) => code)
const pcmuTable: Int16Array = /* @__PURE__ */ Int16Array.from(codes, linearOfPcmu)
const pcmaTable: Int16Array = /* @__PURE__ */ Int16Array.from(codes, linearOfPcma)

/** The mu-law code of silence. */
export const PCMU_SILENCE = 0xff
/** The A-law code of silence. */
export const PCMA_SILENCE = 0xd5

function linearOfPcmu(code: number): number {
  const bits = ~code & 0xff
  const magnitude = ((((bits & 0x0f) << 3) + 0x84) << ((bits & 0x70) >> 4)) - 0x84
  return bits & 0x80 ? -magnitude : magnitude
}

function linearOfPcma(code: number): number {
  const bits = code ^ 0x55
  const exponent = (bits & 0x70) >> 4
  const mantissa = ((bits & 0x0f) << 4) + 8
  const magnitude = exponent === 0 ? mantissa : (mantissa + 0x100) << (exponent - 1)
  return bits & 0x80 ? magnitude : -magnitude
}

/** Codes linear samples as mu-law into `target`, which is made when it is not given. Nothing is allocated with a target of the right length. */
export function encodePcmu(samples: Int16Array, target: Uint8Array = new Uint8Array(samples.length)): Uint8Array {
  const { length } = samples
  for (let index = 0; index < length; index++) {
    const sample = samples[index] as number // below the length
    const sign = sample >> 31
    let magnitude = ((sample ^ sign) >> 2) + 33
    if (magnitude > 0x1fff) magnitude = 0x1fff
    const exponent = 26 - Math.clz32(magnitude)
    target[index] = ~((sign & 0x80) | (exponent << 4) | ((magnitude >> (exponent + 1)) & 0x0f))
  }
  return sized(target, length)
}

/** Codes linear samples as A-law into `target`, which is made when it is not given. Nothing is allocated with a target of the right length. */
export function encodePcma(samples: Int16Array, target: Uint8Array = new Uint8Array(samples.length)): Uint8Array {
  const { length } = samples
  for (let index = 0; index < length; index++) {
    const sample = samples[index] as number // below the length
    const sign = sample >> 31
    const magnitude = (sample ^ sign) >> 4
    const exponent = magnitude < 16 ? 0 : 28 - Math.clz32(magnitude)
    const mantissa = (exponent < 2 ? magnitude : magnitude >> (exponent - 1)) & 0x0f
    target[index] = ((~sign & 0x80) | (exponent << 4) | mantissa) ^ 0x55
  }
  return sized(target, length)
}

/** Gives mu-law as linear samples in `target`, which is made when it is not given. Nothing is allocated with a target of the right length. */
export function decodePcmu(codes: Uint8Array, target: Int16Array = new Int16Array(codes.length)): Int16Array {
  return decode(pcmuTable, codes, target)
}

/** Gives A-law as linear samples in `target`, which is made when it is not given. Nothing is allocated with a target of the right length. */
export function decodePcma(codes: Uint8Array, target: Int16Array = new Int16Array(codes.length)): Int16Array {
  return decode(pcmaTable, codes, target)
}

function decode(table: Int16Array, codes: Uint8Array, target: Int16Array): Int16Array {
  const { length } = codes
  for (let index = 0; index < length; index++) {
    target[index] = table[codes[index] as number] as number // 256 codes, 256 entries
  }
  return sized(target, length)
}

function sized<T extends Uint8Array | Int16Array>(target: T, length: number): T {
  if (target.length < length) {
    throw new RangeError(`The target holds ${target.length} of ${length} samples: give one that is as long.`)
  }
  // A part of a typed array is one of the same kind.
  return target.length === length ? target : (target.subarray(0, length) as T)
}
