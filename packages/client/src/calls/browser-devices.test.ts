import { expect, test } from 'vitest'
import { createBrowserDevices } from './browser-devices.ts'

test('where there is no page, nothing wakes up and nothing throws', () => {
  const woken: string[] = []
  const stop = createBrowserDevices().onWake(() => void woken.push('woken'))
  stop()
  expect(woken).toEqual([])
})
