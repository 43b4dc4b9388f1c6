import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createCaller, type Caller } from './caller.ts'
import type { CallerAnswer, CallerOrder } from './callers.ts'
import { openBrowserLine, openPhoneLine } from './lines.ts'
import { paceCallers } from './pace-callers.ts'

let callers: Caller[] = []
const lag = monitorEventLoopDelay({ resolution: 1 })
lag.enable()

async function obey(order: CallerOrder): Promise<CallerAnswer> {
  switch (order.do) {
    case 'open': {
      const open = order.kind === 'twilio' ? openPhoneLine : openBrowserLine
      const opened: Caller[] = []
      for (let index = 0; index < order.calls; index += 20) {
        const some = Array.from({ length: Math.min(20, order.calls - index) }, (_, nth) =>
          open(order.url, `${Date.now()}-${index + nth}`),
        )
        opened.push(...(await Promise.all(some)).map(createCaller))
      }
      callers = opened
      return { samples: [], missing: 0 }
    }
    case 'turns':
      return all((caller) => caller.turns(order))
    case 'bargeIns':
      return all((caller) => caller.bargeIns(order))
    case 'speakOnce':
      return all((caller) => caller.turns({ turns: 1, speechMs: order.speechMs, pauseMs: 0 }))
    case 'voice':
      for (const caller of callers) caller.setVoice(Int16Array.from(order.samples))
      return { samples: [], missing: 0 }
    case 'talkOn':
      for (const caller of callers) caller.talkOn(order)
      return { samples: [], missing: 0 }
    case 'hangUp': {
      const gone = callers
      callers = []
      await Promise.all(
        gone.map((caller, index) => caller.end(order.everyKilled > 0 && index % order.everyKilled === 0)),
      )
      return { samples: [], missing: 0 }
    }
  }
}

async function all(ask: (caller: Caller) => Promise<CallerAnswer>): Promise<CallerAnswer> {
  const answers = await Promise.all(callers.map(ask))
  return {
    samples: answers.flatMap(({ samples }) => samples),
    missing: answers.reduce((sum, { missing }) => sum + missing, 0),
  }
}

process.on('message', (order: CallerOrder) => {
  lag.reset()
  obey(order).then(
    (answer) => process.send?.({ ...answer, lagMs: lag.percentile(99) / 1e6 }),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
      process.exit(1)
    },
  )
})
process.on('disconnect', () => process.exit(0))
paceCallers(() => callers)
process.send?.('ready')
