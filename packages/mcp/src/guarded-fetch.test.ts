import { createSystemClock } from '@parley/spec'
import { expect, test } from 'vitest'
import { guardedFetch } from './guarded-fetch.ts'

const MiB = 1024 * 1024

/** Reads an answer of these pieces through the guard to its end, and says how long it was. */
async function read(type: string, pieces: readonly string[]): Promise<number> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece))
      controller.close()
    },
  })
  const fetched = guardedFetch({
    id: 'big',
    url: 'http://big.test/mcp',
    fetch: () => Promise.resolve(new Response(body, { headers: { 'content-type': type } })),
    guard: { check: () => Promise.resolve() },
    clock: createSystemClock(),
  })
  const response = await fetched('http://big.test/mcp')
  return (await response.text()).length
}

test('K-4 an answer has at most 10 MiB', async () => {
  const most = Array.from({ length: 10 }, () => 'x'.repeat(MiB))
  expect(await read('application/json', most)).toBe(10 * MiB)
  await expect(read('application/json', [...most, 'x'])).rejects.toMatchObject({
    code: 'tool_result_invalid',
    details: { server: 'big', maxBytes: 10 * MiB },
  })
  // A blank line ends nothing where there are no events.
  await expect(read('application/json', [...most, '\n\n'])).rejects.toMatchObject({ code: 'tool_result_invalid' })
})

test.each(['\n\n', '\r\n\r\n'])(
  'K-4 a stream may go on as long as no event has more than 10 MiB (%j)',
  async (blank) => {
    const event = [`data: ${'x'.repeat(6 * MiB)}`, `x${blank}data: `]
    expect(await read('text/event-stream', [...event, ...event, ...event])).toBeGreaterThan(18 * MiB)
    const endless = Array.from({ length: 11 }, () => 'x'.repeat(MiB))
    await expect(read('text/event-stream', [...event, ...endless])).rejects.toMatchObject({
      code: 'tool_result_invalid',
    })
  },
)
