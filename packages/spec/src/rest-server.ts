import type { JsonSchema } from './json.ts'
import type { ToolEffect } from './tool.ts'

/** One operation of a REST server that tools may call. */
export interface RestOperation {
  /** The name after `rest://server.` */
  tool: string
  /** @default 'GET' */
  method?: 'GET' | 'HEAD' | 'DELETE' | 'POST' | 'PUT' | 'PATCH'
  /** Below the server's URL; `{name}` is replaced by the argument of that name. @default the tool's name */
  path?: string
  description?: string
  /** @default any object */
  input?: JsonSchema
  /** @default by method: GET and HEAD pure, PUT and DELETE idempotent, others effectful */
  effect?: ToolEffect
}

/** A REST server whose operations are tools. Exactly one of `url` and `urlEnv`; both credentials or neither. */
export interface RestServer {
  name: string
  url?: string
  /** Names of environment variables, read when they are needed. */
  urlEnv?: string
  usernameEnv?: string
  passwordEnv?: string
  /** What may be called. Absent, any path may be read with GET. */
  operations?: RestOperation[]
}
