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
export { createBrowserDevices, type PreparedSound, type WorkletAddresses } from './calls/browser-devices.ts'
export { type CallStatus } from './calls/call-connection.ts'
export { type CallCapture, type CallDevices, type CallPlayout, type PlayedSamples } from './calls/call-devices.ts'
export { type CallsClient, type CallStartOptions, type OpenCallInput, type OpenedCall } from './calls/calls-client.ts'
export { type CallCaption, type CallState, type CallUpdate, type ClientCall } from './calls/client-call.ts'
export { type CallRecognizer } from './calls/start-call.ts'
