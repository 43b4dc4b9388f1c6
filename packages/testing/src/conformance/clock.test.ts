import { createSystemClock } from '@parley/spec'

import { createVirtualClock } from '../virtual-clock.ts'
import { clockSuite } from './clock.ts'

clockSuite('virtual', (onError) => {
  const clock = createVirtualClock({ onError })
  return { clock, pass: (ms) => clock.advance(ms) }
})

// The system clock has no other way to pass its time than to let it go by: at most 70 ms here.
clockSuite('system', (onError) => {
  const clock = createSystemClock({ onError })
  return { clock, pass: (ms) => clock.sleep(ms) }
})
