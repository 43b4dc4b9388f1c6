/** A type whose optional fields are absent rather than undefined. */
export type Present<Fields> = { [Key in keyof Fields]: Exclude<Fields[Key], undefined> }

/** A copy without the fields that are undefined, as types with exact optional fields want it. */
export function withoutUndefined<Fields extends object>(fields: Fields): Present<Fields> {
  // Dropping undefined values is exactly what `Present` says; optional keys stay optional.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<Fields>
}
