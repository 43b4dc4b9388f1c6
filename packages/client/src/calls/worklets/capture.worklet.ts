// A file of its own without imports, since audio worklets are loaded by address: serve it as it is built.

/** Samples of the microphone, gathered so that the page is not woken for every 128 of them. */
export interface CaptureBatch {
  /** Takes one block; gives a batch when it is full. */
  push(block: Float32Array): Float32Array | undefined
}

/** Makes batches of whole blocks, of at least `batchMs`. */
export function createCaptureBatch(sampleRate: number, batchMs = 10): CaptureBatch {
  const wanted = Math.ceil((sampleRate * batchMs) / 1_000)
  let blocks: Float32Array[] = []
  let length = 0
  return {
    push(block) {
      blocks.push(block.slice())
      length += block.length
      if (length < wanted) return undefined
      const batch = new Float32Array(length)
      let offset = 0
      for (const part of blocks) {
        batch.set(part, offset)
        offset += part.length
      }
      blocks = []
      length = 0
      return batch
    },
  }
}

/** What the scope of an audio worklet has, beyond what the page knows. */
interface WorkletScope {
  sampleRate: number
  registerProcessor(name: string, processor: unknown): void
  AudioWorkletProcessor: new () => { readonly port: MessagePort }
}

function registerCapture({ AudioWorkletProcessor: Processor, registerProcessor, sampleRate }: WorkletScope): void {
  class CaptureProcessor extends Processor {
    readonly #batch = createCaptureBatch(sampleRate)

    process([input]: Float32Array[][]): boolean {
      const block = input?.[0]
      const batch = block === undefined ? undefined : this.#batch.push(block)
      if (batch !== undefined) this.port.postMessage(batch, [batch.buffer])
      return true
    }
  }
  registerProcessor('parley-capture', CaptureProcessor)
}

// In a page or in Node nothing is registered: only the batch is there.
// A scope that can register processors is that of a worklet.
if ('registerProcessor' in globalThis) registerCapture(globalThis as unknown as WorkletScope)
