import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fromWire, ParleyError, parsePriceTables, type Json, type PriceTable } from '@parley/spec'

/**
 * Price tables of a file: one `{ version, entries }` or a list of them, in nano-USD.
 * @throws {ParleyError} `config_invalid`
 */
export async function loadPrices(path: string, cwd: string): Promise<PriceTable[]> {
  let value: Json
  try {
    value = fromWire(JSON.parse(await readFile(resolve(cwd, path), 'utf8')))
  } catch (cause) {
    throw new ParleyError({
      code: 'config_invalid',
      message: 'The file of prices cannot be read as JSON. Check --file or PARLEY_PRICES.',
      cause,
    })
  }
  return parsePriceTables(value)
}
