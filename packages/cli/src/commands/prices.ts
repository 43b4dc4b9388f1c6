import { costOf, ParleyError, priceAt, type Json, type ModelReceipt, type PriceTable } from '@parley/spec'
import { databaseAddress, openCliDatabase } from '../database/open-cli-database.ts'
import { exitCodes } from '../exit-code.ts'
import { loadPrices } from '../load/load-prices.ts'
import { showMoney } from '../progress/show-money.ts'
import type { CommandContext, CommandEnd } from '../command-context.ts'

/** Options of `parley prices`. */
export interface PricesOptions {
  file?: string
  version?: string
  store?: string
  task?: string
  tenant?: string
}

/** Shows a price table, or what stored model calls would have cost by it. Stored costs are never changed. */
export async function prices(
  context: CommandContext,
  action: 'list' | 'recompute',
  options: PricesOptions,
): Promise<CommandEnd> {
  const { world, cwd } = context
  const path = options.file ?? world.env['PARLEY_PRICES']
  if (path === undefined) {
    throw new ParleyError({
      code: 'invalid_options',
      message: 'No price table is named. Give --file <path>, or set PARLEY_PRICES.',
    })
  }
  const table = choose(await loadPrices(path, cwd), options.version)
  return action === 'list' ? list(context, table) : recompute(context, table, options)
}

function choose(tables: readonly PriceTable[], version: string | undefined): PriceTable {
  const table = version === undefined ? tables.at(-1) : tables.find((one) => one.version === version)
  if (table !== undefined) return table
  throw new ParleyError({
    code: 'config_invalid',
    message: `There is no price table ${JSON.stringify(version ?? '')}. Known: ${tables.map((one) => one.version).join(', ') || 'none'}.`,
  })
}

function list({ output }: CommandContext, { version, entries }: PriceTable): CommandEnd {
  output.print(`prices ${version}, nano-USD per token`)
  output.print(`${'model'.padEnd(32)} ${'from'.padEnd(10)} ${'input'.padStart(8)} ${'output'.padStart(8)}`)
  for (const { model, from, input, output: out } of entries) {
    output.print(`${model.padEnd(32)} ${from.slice(0, 10)} ${String(input).padStart(8)} ${String(out).padStart(8)}`)
  }
  return { exit: exitCodes.done, result: { version, entries: entries.map((entry) => ({ ...entry })) } }
}

interface Sum {
  calls: number
  stored: number
  recomputed: number
  unpriced: number
}

async function recompute(
  { world, output, cwd }: CommandContext,
  table: PriceTable,
  { store, task, tenant }: PricesOptions,
): Promise<CommandEnd> {
  const database = await openCliDatabase(databaseAddress(store, world.env), cwd)
  try {
    const { postgresBackend } = await import('@parley/postgres')
    const backend = postgresBackend({ database, clock: world.clock })
    const by = {
      ...(task === undefined ? {} : { taskId: task }),
      ...(tenant === undefined ? {} : { tenantId: tenant }),
    }
    const sums = sumUp(await backend.receipts(by), table)
    output.print(`costs by prices ${table.version}`)
    output.print(`${'model'.padEnd(32)} ${'calls'.padStart(7)} ${'stored'.padStart(12)} ${'recomputed'.padStart(12)}`)
    for (const [model, { calls, stored, recomputed, unpriced }] of sums) {
      const now = unpriced === calls ? 'no price' : showMoney(recomputed)
      output.print(
        `${model.padEnd(32)} ${String(calls).padStart(7)} ${showMoney(stored).padStart(12)} ${now.padStart(12)}`,
      )
    }
    const models: { [model: string]: Json } = Object.fromEntries(
      [...sums].map(([model, { calls, stored, recomputed, unpriced }]) => [
        model,
        { calls, stored_nano_usd: stored, recomputed_nano_usd: recomputed, unpriced_calls: unpriced },
      ]),
    )
    return { exit: exitCodes.done, result: { version: table.version, models } }
  } finally {
    await database.close()
  }
}

/** Calls that were sent, by model, with what they cost then and what they cost by this table. */
export function sumUp(receipts: readonly ModelReceipt[], table: PriceTable): Map<string, Sum> {
  const sums = new Map<string, Sum>()
  for (const { decision, execution, createdAt } of receipts) {
    if (decision.modelId === null || execution.replayed === true || execution.cached === true) continue
    const sum = sums.get(decision.modelId) ?? { calls: 0, stored: 0, recomputed: 0, unpriced: 0 }
    sums.set(decision.modelId, sum)
    const { input, output, cached, reasoning } = execution.tokens
    const cost = costOf(priceAt(table, decision.modelId, createdAt), {
      inputTokens: input,
      outputTokens: output,
      cachedInputTokens: cached,
      reasoningTokens: reasoning,
    })
    sum.calls += 1
    sum.stored += execution.actualCostNanoUsd ?? 0
    sum.recomputed += cost ?? 0
    if (cost === null) sum.unpriced += 1
  }
  return sums
}
