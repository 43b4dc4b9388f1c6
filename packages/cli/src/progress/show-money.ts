import { toUsd } from '@parley/spec'

/** An amount in nano-USD as people read it, such as `$0.0004`; an unknown one is `no price`. */
export function showMoney(nanoUsd: number | null | undefined): string {
  if (nanoUsd === null || nanoUsd === undefined) return 'no price'
  const usd = toUsd(nanoUsd)
  if (usd === 0) return '$0'
  return `$${usd.toFixed(usd < 1 ? 4 : 2) === '0.0000' ? usd.toFixed(9).replace(/0+$/, '') : usd.toFixed(usd < 1 ? 4 : 2)}`
}

/** A duration as people read it: `410 ms`, `1.3 s`, `2 min 5 s`. */
export function showDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`
  const seconds = Math.round(ms / 1_000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}
