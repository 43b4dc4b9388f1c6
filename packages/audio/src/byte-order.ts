/** Whether typed arrays of this machine have the byte order of the wire, which is little-endian. */
export const isLittleEndianHost: boolean = /* @__PURE__ */ new Uint8Array(new Uint16Array([1]).buffer)[0] === 1
