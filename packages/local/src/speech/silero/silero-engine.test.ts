import { expect, test } from 'vitest'
import { createSileroEngine } from './silero-engine.ts'

/** A worker that answers each batch as if it had taken `busyMs` per window. */
const workerOf = (busyMs: number): URL =>
  new URL(
    `data:text/javascript,${encodeURIComponent(`
      import { parentPort } from 'node:worker_threads'
      parentPort.postMessage({ type: 'ready', runtime: 'web' })
      parentPort.on('message', ({ type, id, windows }) => {
        if (type !== 'infer') return
        const probabilities = new Float32Array(windows.streams.length).fill(0.5)
        parentPort.postMessage({ type: 'result', id, probabilities, busyMs: ${busyMs} * windows.streams.length })
      })`)}`,
  )

/** Sends some seconds of one stream and tells what the engine said. */
async function trouble(busyMs: number): Promise<string[]> {
  const told: string[] = []
  const engine = createSileroEngine({
    runtime: 'web',
    worker: workerOf(busyMs),
    onTrouble: (reason) => told.push(reason),
    onCalm: () => told.push('calm'),
  })
  await new Promise<void>((resolve) => {
    for (let count = 1; count <= 64; count += 1) {
      const onProbability = (): void => void (count === 64 && setImmediate(resolve))
      engine.submit(16000, { stream: 1, reset: false, samples: new Int16Array(512), onProbability })
    }
  })
  await engine.close()
  return told
}

test('E-6 inference of 15 ms for 32 ms of audio is calm, 17 ms is slow', async () => {
  expect(await trouble(15)).toEqual(['calm'])
  expect(await trouble(17)).toEqual(['slow'])
})

test('E-6 a worker that cannot be started is missing or failed, and ready says null', async () => {
  const told: string[] = []
  const engine = createSileroEngine({
    runtime: 'web',
    worker: new URL('data:text/javascript,throw new Error("no")'),
    onTrouble: (reason) => told.push(reason),
    onCalm: () => {},
  })
  expect(await engine.ready).toBeNull()
  expect(told).toEqual(['failed'])
  await engine.close()
})
