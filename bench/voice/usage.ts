import { monitorEventLoopDelay } from 'node:perf_hooks'

/** How often the loop is looked at; every millisecond, the meter would cost as much as what it measures. */
const LAG_RESOLUTION_MS = 10

/** What a stretch of time cost this process. */
export interface Usage {
  /** Processor time of all threads. */
  cpuMs: number
  /** How late the loop was, p99 in ms. */
  lagMs: number
}

/** Measures this process, its threads included, for a while. */
export async function measureUsage(ms: number): Promise<Usage> {
  const lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS })
  lag.enable()
  const before = process.cpuUsage()
  await new Promise((resolve) => setTimeout(resolve, ms))
  const { user, system } = process.cpuUsage(before)
  lag.disable()
  return { cpuMs: (user + system) / 1000, lagMs: Math.max(0, lag.percentile(99) / 1e6 - LAG_RESOLUTION_MS) }
}
