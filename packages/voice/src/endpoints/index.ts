export { createCallAdmission, type CallAdmission, type CallAdmissionOptions } from './websocket/admission.ts'
export { type MediaCounts, type WebSocketMediaEndpoint } from './websocket/call-media.ts'
export {
  callMediaRoute,
  type CallMediaRoute,
  type CallMediaRouteOptions,
  type CallSocketConnection,
} from './websocket/call-media-route.ts'
export {
  type CallCredentials,
  type CallGrant,
  type WebSocketMediaLimits,
  type WebSocketMediaOptions,
} from './websocket/media-options.ts'
export {
  createWebSocketMedia,
  type ConnectOptions,
  type ConnectOutcome,
  type WebSocketMedia,
} from './websocket/web-socket-media.ts'
