import { fromWireName, toWireName } from '@parley/spec'

/** An object with its own keys as code writes them; what the keys hold stays as it is. */
export function camelFields(fields: object): Record<string, unknown> {
  return Object.fromEntries(entriesOf(fields).map(([key, value]) => [fromWireName(key), value]))
}

/** An object with its own keys as documents write them; what the keys hold stays as it is. */
export function snakeFields(fields: object): Record<string, unknown> {
  return Object.fromEntries(entriesOf(fields).map(([key, value]) => [toWireName(key), value]))
}

/** An object's type when its `undefined` fields are absent. */
export type DefinedFields<Fields> = {
  [Key in keyof Fields as undefined extends Fields[Key] ? never : Key]: Fields[Key]
} & { [Key in keyof Fields as undefined extends Fields[Key] ? Key : never]?: Exclude<Fields[Key], undefined> }

/** An object without the fields that are `undefined`. */
export function definedFields<Fields extends object>(fields: Fields): DefinedFields<Fields> {
  // Exactly the fields that the type makes optional are the ones that the filter takes away.
  return Object.fromEntries(entriesOf(fields)) as DefinedFields<Fields>
}

function entriesOf(fields: object): [string, unknown][] {
  return Object.entries(fields).filter(([, value]) => value !== undefined)
}
