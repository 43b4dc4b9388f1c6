export { createNodeSockets, type NodeSocketsOptions } from './node-sockets.ts'
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
export {
  createTwilioEndpoint,
  type TwilioEndpoint,
  type TwilioMount,
  type TwilioParameters,
  type TwilioSocketConnection,
  type TwilioSocketRoute,
} from './twilio/twilio-endpoint.ts'
export { type TwilioCounts, type TwilioMedia } from './twilio/twilio-media.ts'
export { type TwilioOptions, type TwilioRecordedFrame } from './twilio/twilio-options.ts'
export { type TwilioCallName } from './twilio/twilio-rest.ts'
export { twimlConnect } from './twilio/twiml.ts'
