import { readFile } from 'node:fs/promises'
import { fromWire, ParleyError, parsePriceTables, priceAt, type Instant, type Json, type Price } from '@parley/spec'

/** Gives the price of a model; undefined where it is not known. */
export type PriceOf = (modelId: string) => Price | undefined

/**
 * The prices of a file, as they are valid at an instant: of several tables the last one that knows the model.
 * @throws {ParleyError} `config_invalid` naming `PARLEY_PRICES`
 */
export async function readPrices(path: string | undefined, at: Instant): Promise<PriceOf> {
  if (path === undefined) return () => undefined
  let value: Json
  try {
    value = fromWire(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    throw new ParleyError({
      code: 'config_invalid',
      message: `PARLEY_PRICES is "${path}", which cannot be read as JSON. Name a file with {"version":"…","entries":[…]}, or unset it.`,
      details: { path: 'PARLEY_PRICES' },
      cause,
    })
  }
  const tables = parsePriceTables(value)
  return (modelId) =>
    tables.reduce<Price | undefined>((found, table) => priceAt(table, modelId, at) ?? found, undefined)
}
