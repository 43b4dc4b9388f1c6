import { Kit, type KitOptions } from '@parley/kit'
import { onTestFinished } from 'vitest'
import type { RoomsService } from '../rooms-service.ts'

/** A kit in memory that ends with the test. */
export function testKit(options: KitOptions = {}): Kit {
  const kit = new Kit(options)
  onTestFinished(() => kit.close({ graceMs: 100 }))
  return kit
}

/** A kit of which some methods answer otherwise: for failures that a kit does not have. */
export function faultyKit(faults: Partial<RoomsService>): RoomsService {
  const kit = testKit()
  return new Proxy<RoomsService>(kit, {
    get(target, name) {
      const value: unknown = Reflect.get(faults, name) ?? Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
