import { monitorEventLoopDelay } from 'node:perf_hooks'

/** What a stretch of time cost this process. */
export interface Usage {
  /** Processor time of all threads, as a share of the time that went by: 1 is one core. */
  cores: number
  /** How late the loop was, p99 in ms. */
  lagMs: number
}

/** Measures this process, its threads included, for a while. */
export async function measureUsage(ms: number): Promise<Usage> {
  const lag = monitorEventLoopDelay({ resolution: 1 })
  lag.enable()
  const before = process.cpuUsage()
  const startMs = performance.now()
  await new Promise((resolve) => setTimeout(resolve, ms))
  const { user, system } = process.cpuUsage(before)
  lag.disable()
  return { cores: (user + system) / 1000 / (performance.now() - startMs), lagMs: lag.percentile(99) / 1e6 }
}
