import { spawn } from 'node:child_process'
import { expect, test } from 'vitest'

/** Speaks, judges what it spoke, and closes nothing. */
const program = `
import { createFliteTts, createSileroVad } from '@parley/local'
import { createSystemClock, noTelemetry } from '@parley/spec'
const tts = createFliteTts({ workers: 1 })
const vad = createSileroVad({ runtime: 'web' })
const format = { encoding: 'pcm16', sampleRateHz: 16000, channels: 1 }
const context = { clock: createSystemClock(), signal: new AbortController().signal, telemetry: noTelemetry }
const stream = await tts.open({ voice: 'slt', format }, context)
stream.speak('Hello.', { segmentId: 's', last: true })
let best = 0
const judge = vad.create({ sampleRateHz: 16000, onResult: ({ probability }) => (best = Math.max(best, probability)) })
for await (const event of stream.events) {
  if (event.type === 'audio') judge.push(event.frame, 0)
  if (event.type === 'done') break
}
await vad.ready
process.on('exit', () => process.stdout.write(best > 0.5 ? 'heard' : 'nothing'))
`

test('E-1 E-6 idle workers do not keep the process alive, and work on its way does', async () => {
  const child = spawn(process.execPath, ['--conditions=@parley/source', '--input-type=module', '-e', program], {
    cwd: new URL('../..', import.meta.url).pathname,
  })
  let output = ''
  let complaint = ''
  child.stdout.on('data', (text: Buffer) => (output += text.toString()))
  child.stderr.on('data', (text: Buffer) => (complaint += text.toString()))
  const code = await new Promise((resolve) => child.on('close', resolve))
  expect({ code, output, complaint }).toEqual({ code: 0, output: 'heard', complaint: '' })
}, 30_000)
