import type { RecordingSink } from '@parley/spec'
import { describe, expect, test } from 'vitest'

/** How the suite looks behind a sink. */
export interface RecordingSinkSubject {
  /** Opens a sink that keeps nothing yet. */
  open(): Promise<{
    sink: RecordingSink
    /** The bytes kept where a receipt says; `undefined` if there are none. */
    read(where: string): Promise<Uint8Array | undefined>
    /** How many recordings are kept. */
    count(): Promise<number>
  }>
}

const file = { name: 'call-1.wav', contentType: 'audio/wav' } as const

/** The contract of `RecordingSink` in executable form. */
export function recordingSinkSuite(name: string, { open }: RecordingSinkSubject): void {
  describe(`RecordingSink: ${name}`, () => {
    test('P-10 what was written is kept in order, and found where the receipt says', async () => {
      const { sink, read } = await open()
      const recording = await sink.create(file)
      await recording.write(Uint8Array.of(1, 2, 3))
      await recording.write(Uint8Array.of(4, 5))
      const { where } = await recording.close()
      expect([...((await read(where)) ?? [])]).toEqual([1, 2, 3, 4, 5])
    })

    test('P-10 a patch replaces bytes and moves none', async () => {
      const { sink, read } = await open()
      const recording = await sink.create(file)
      await recording.write(Uint8Array.of(1, 2, 3, 4))
      await recording.patch(1, Uint8Array.of(8, 9))
      await recording.write(Uint8Array.of(5))
      const { where } = await recording.close()
      expect([...((await read(where)) ?? [])]).toEqual([1, 8, 9, 4, 5])
    })

    test('P-10 bytes may be used again once they are written', async () => {
      const { sink, read } = await open()
      const recording = await sink.create(file)
      const bytes = Uint8Array.of(1)
      await recording.write(bytes)
      bytes[0] = 2
      await recording.write(bytes)
      const { where } = await recording.close()
      expect([...((await read(where)) ?? [])]).toEqual([1, 2])
    })

    test('P-10 a taken name overwrites nothing', async () => {
      const { sink, read } = await open()
      const places: string[] = []
      for (const byte of [1, 2, 3]) {
        const recording = await sink.create(file)
        await recording.write(Uint8Array.of(byte))
        places.push((await recording.close()).where)
      }
      expect(await Promise.all(places.map(async (where) => (await read(where))?.[0]))).toEqual([1, 2, 3])
    })

    test('P-10 a discarded recording is gone, and no other with it', async () => {
      const { sink, count } = await open()
      const kept = await sink.create(file)
      const gone = await sink.create(file)
      await kept.write(Uint8Array.of(1))
      await gone.write(Uint8Array.of(2))
      await gone.discard()
      await kept.close()
      expect(await count()).toBe(1)
    })
  })
}
