export { createClient, type Client, type ClientOptions, type JoinOptions } from './create-client.ts'
export {
  type AcceptedHandoff,
  type ActingPerson,
  type CoachMode,
  type DeskClient,
  type QueueEntry,
  type RequestsClient,
} from './desk-client.ts'
export { type TokenSource } from './http-client.ts'
export { type PendingSend } from './pending-sends.ts'
export { type ConnectionStatus, type RoomConnection, type RoomSendInput, type RoomUpdate } from './room-connection.ts'
export { type CallOptions, type JoinedRoom, type RoomsClient, type SendInput } from './rooms-client.ts'
export { type OutputDelta } from './server-frames.ts'
export { createWebSocketFactory } from './web-socket.ts'
