/** A compiled module; it can be sent to worker threads. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: string
}

/** What is used of the platform's WebAssembly. */
interface WebAssemblyApi {
  compile(bytes: Uint8Array): Promise<WasmModule>
  Instance: new (module: WasmModule, imports: object) => object
}

/** Every runtime we serve has it, while the types of Node alone leave it out. */
export const webAssembly: WebAssemblyApi = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly
