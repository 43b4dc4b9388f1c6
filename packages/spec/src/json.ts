/** Any value that JSON can carry. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** A JSON Schema document (2020-12), kept as plain data. */
export type JsonSchema = { [key: string]: Json }

/** An ISO 8601 instant in UTC with milliseconds, such as `2026-01-31T09:30:00.000Z`. */
export type Instant = string

/** Removes what was registered; calling it again does nothing. */
export type Disposer = () => void
