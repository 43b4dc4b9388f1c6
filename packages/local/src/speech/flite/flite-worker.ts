import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { WASI } from 'node:wasi'
import { parentPort, workerData } from 'node:worker_threads'
import { webAssembly, type WasmModule } from './web-assembly.ts'

/** One synthesis; `folder` belongs to it alone. */
export interface FliteOrder {
  text: string
  voice: string
  /** 1 is normal. */
  speed: number
  folder: string
}

/** What was spoken, at the voice's own rate. */
export interface FliteSpeech {
  samples: Int16Array<ArrayBuffer>
  sampleRateHz: 8000 | 16000
}

/** The speech, or what went wrong. */
export type FliteAnswer = { type: 'speech'; speech: FliteSpeech } | { type: 'failed'; message: string }

/** Runs the command once in a fresh instance, whose memory goes with it. */
function speak(module: WasmModule, { text, voice, speed, folder }: FliteOrder): FliteSpeech {
  writeFileSync(join(folder, 'text'), `${text}\n`)
  const stretch = (1 / speed).toFixed(4)
  const wasi = new WASI({
    version: 'preview1',
    args: ['flite', '-voice', voice, '--setf', `duration_stretch=${stretch}`, '-f', '/job/text', '-o', '/job/wav'],
    env: {},
    preopens: { '/job': folder },
    returnOnExit: true,
  })
  const instance = new webAssembly.Instance(module, wasi.getImportObject())
  const code = wasi.start(instance)
  if (code !== 0) throw new Error(`The synthesizer ended with ${code}.`)
  return readOwnWav(readFileSync(join(folder, 'wav')))
}

/** Reads what the synthesizer writes: 44 bytes of header with the rate at 24, then mono 16-bit samples. */
function readOwnWav(bytes: Buffer): FliteSpeech {
  const data = bytes.subarray(44)
  const samples = new Int16Array(data.length >> 1)
  for (let index = 0; index < samples.length; index += 1) samples[index] = data.readInt16LE(index * 2)
  return { samples, sampleRateHz: bytes.readUInt32LE(24) === 8_000 ? 8_000 : 16_000 }
}

if (parentPort) {
  const port = parentPort
  // The parent gives this worker exactly these data.
  const { module } = workerData as { module: WasmModule }
  port.on('message', (order: FliteOrder) => {
    const answer = (message: FliteAnswer, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer)
    try {
      const speech = speak(module, order)
      answer({ type: 'speech', speech }, [speech.samples.buffer])
    } catch (error) {
      answer({ type: 'failed', message: error instanceof Error ? error.message : String(error) })
    }
  })
}
