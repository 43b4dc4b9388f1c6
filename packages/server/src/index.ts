export { type CallsOptions, type OpenedCallInfo } from './calls/call-service.ts'
export { createApiKey, hashApiKey, lookupIn, type ApiKeyLookup, type ApiKeyRecord } from './auth/api-keys.ts'
export type { AuthOptions } from './auth/authenticate.ts'
export { rights, type Principal, type Right } from './auth/principal.ts'
export { type RoomTokenInput, type RoomTokens } from './auth/room-tokens.ts'
export { createLogger, type LoggerOptions } from './create-logger.ts'
export { createServer, type Server } from './create-server.ts'
export type { Route } from './http/route.ts'
export { defaultPagePolicy, staticApp, type StaticAppOptions } from './http/static-app.ts'
export type { RoomsService } from './rooms-service.ts'
export {
  defaultServerLimits,
  type Mount,
  type MountContext,
  type ServerLimits,
  type ServerOptions,
  type SocketConnection,
  type SocketRoute,
} from './server-options.ts'
export { closeCodes } from './sockets/close-codes.ts'
