import { Bench } from 'tinybench'

/** How often a second a function that takes no time to speak of can be called. */
export async function throughput(run: () => unknown, timeMs: number): Promise<number> {
  const bench = new Bench({ time: timeMs, warmupTime: timeMs / 4, throws: true })
  bench.add('run', run)
  const [task] = await bench.run()
  if (task === undefined || task.result.state !== 'completed') throw new Error('Nothing was measured.')
  return task.result.throughput.mean
}
