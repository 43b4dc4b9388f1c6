import { expect, test } from 'vitest'
import { canRead, canWrite } from './can-read-write.ts'

test('CH-1 direction is seen from the room, and reading and writing follow from direction, access and mute', () => {
  const readers: string[] = []
  const writers: string[] = []
  for (const direction of ['inbound', 'outbound', 'both'] as const) {
    for (const access of ['readWrite', 'readOnly', 'writeOnly', 'none'] as const) {
      for (const muted of [false, true]) {
        const name = `${direction} ${access}${muted ? ' muted' : ''}`
        if (canRead({ direction, access })) readers.push(name)
        if (canWrite({ direction, access, muted })) writers.push(name)
      }
    }
  }
  expect(readers).toEqual(
    ['outbound', 'both'].flatMap((direction) =>
      ['readWrite', 'readOnly'].flatMap((access) => [`${direction} ${access}`, `${direction} ${access} muted`]),
    ),
  )
  expect(writers).toEqual(['inbound readWrite', 'inbound writeOnly', 'both readWrite', 'both writeOnly'])
})
