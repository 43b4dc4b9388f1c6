import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fromWire, ParleyError, type Json, type PriceTable } from '@parley/spec'

const amounts = [
  'input',
  'output',
  'cachedInput',
  'reasoning',
  'audioInput',
  'audioOutput',
  'perCharacter',
  'perMinute',
  'perRequest',
]

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
  return (Array.isArray(value) ? value : [value]).map(toTable)
}

function toTable(value: Json): PriceTable {
  const { version, entries } = fieldsOf(value, 'a price table')
  if (typeof version !== 'string' || version === '') throw invalid('a price table has no version')
  if (!Array.isArray(entries)) throw invalid(`table ${version} has no list of entries`)
  return { version, entries: entries.map((entry) => toEntry(entry, version)) }
}

function toEntry(value: Json, version: string): PriceTable['entries'][number] {
  const { model, from, ...rest } = fieldsOf(value, `an entry of table ${version}`)
  if (typeof model !== 'string' || typeof from !== 'string' || Number.isNaN(Date.parse(from))) {
    throw invalid(`an entry of table ${version} needs a model and an instant in "from"`)
  }
  const prices: { [name: string]: number } = {}
  for (const [name, amount] of Object.entries(rest)) {
    if (!amounts.includes(name))
      throw invalid(`${model} of table ${version} has an unknown field ${JSON.stringify(name)}`)
    if (typeof amount !== 'number' || !Number.isSafeInteger(amount) || amount < 0) {
      throw invalid(`${name} of ${model} in table ${version} is no whole number of nano-USD`)
    }
    prices[name] = amount
  }
  const { input, output } = prices
  if (input === undefined || output === undefined) throw invalid(`${model} of table ${version} needs input and output`)
  return { ...prices, model, from, input, output }
}

function fieldsOf(value: Json, what: string): { [key: string]: Json } {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw invalid(`${what} is no object`)
}

function invalid(fault: string): ParleyError {
  return new ParleyError({ code: 'config_invalid', message: `The file of prices is not valid: ${fault}.` })
}
