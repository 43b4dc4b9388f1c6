import { toUsd, toWireName, type Json } from '@parley/spec'

/** Fields whose value belongs to users and models: nothing inside them is renamed. */
const userFields: ReadonlySet<string> = new Set([
  'data',
  'default',
  'details',
  'input',
  'inputs',
  'item',
  'match',
  'metadata',
  'output',
  'outputs',
  'patch',
  'schema',
  'state',
  'value',
])

/**
 * `data` of a run event with the names of the wire; names that are so already stay. Amounts of money get their twin in
 * US dollars; keys of users' data stay as they are.
 */
export function toWireData(data: { [key: string]: Json }): { [key: string]: Json } {
  const wire: { [key: string]: Json } = {}
  for (const [key, value] of Object.entries(data)) {
    const name = toWireName(key)
    put(wire, name, userFields.has(name) ? value : name === 'steps' ? renamedSteps(value) : renamed(value))
    if (name.endsWith('nano_usd'))
      put(wire, name.replace(/nano_usd$/, 'usd'), typeof value === 'number' ? toUsd(value) : null)
  }
  return wire
}

function renamed(value: Json): Json {
  if (Array.isArray(value)) return value.map(renamed)
  return typeof value === 'object' && value !== null ? toWireData(value) : value
}

/** A list of steps, or steps by their ids, which stay as they are. */
function renamedSteps(value: Json): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return renamed(value)
  const byId: { [id: string]: Json } = {}
  for (const [id, step] of Object.entries(value)) put(byId, id, renamed(step))
  return byId
}

function put(target: { [key: string]: Json }, name: string, value: Json): void {
  // Assigning this name would change the prototype; as data it is a key like any other.
  if (name === '__proto__')
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true })
  else target[name] = value
}
