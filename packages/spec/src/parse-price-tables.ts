import type { PriceTable } from './budget-port.ts'
import type { Json } from './json.ts'
import { ParleyError } from './parley-error.ts'

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
 * Price tables as a file holds them, with the names of code: one `{ version, entries }` or a list of them, in nano-USD.
 * @throws {ParleyError} `config_invalid` naming what is wrong in it
 */
export function parsePriceTables(value: Json): PriceTable[] {
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
