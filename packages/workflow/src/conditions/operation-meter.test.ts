import { expect, test } from 'vitest'
import { createOperationMeter, maxOperations } from './operation-meter.ts'

const tooMuch = expect.objectContaining({
  code: 'condition_error',
  details: { limit: 'operations', max: 1_000_000 },
})

test('S10 1,000,000 operations and not one more', () => {
  expect(maxOperations).toBe(1_000_000)
  const meter = createOperationMeter()
  meter.spend(1_000_000)
  expect(() => meter.spend(1)).toThrow(tooMuch)
  meter.reset()
  meter.spend(1_000_000)
})

test('S10 256 characters are one operation', () => {
  const meter = createOperationMeter()
  meter.spendCharacters(255)
  meter.spendCharacters(256 * 1_000_000)
  expect(() => meter.spendCharacters(256)).toThrow(tooMuch)
})
