import type {
  BlockReason,
  ChannelBinding,
  ChannelId,
  ChatRequest,
  Content,
  ConversationState,
  DeliveryReport,
  DeliveryStatus,
  HandoffPlan,
  HandoffRequest,
  HandoffResult,
  IdentityResult,
  InboundMessage,
  Json,
  Observation,
  ParleyError,
  Participant,
  ParticipantId,
  PendingRequest,
  PhaseTransition,
  Room,
  RoomEvent,
  RoomId,
  RoomTask,
  StatusEntry,
  TurnContext,
} from '@parley/spec'

import { voiceHookTriggers, type VoiceHookMap } from './voice-hooks.ts'

/** What a room lifecycle hook gets. */
interface RoomChange {
  room: Room
  reason?: string
}

/** What a hook on a mode change gets. */
interface ModeChange {
  roomId: RoomId
  from: ConversationState['mode']
  to: ConversationState['mode']
  by: { kind: string; id: string }
}

/**
 * The one map that types every hook: what it gets, whether it may decide (`sync`) or only watch (`async`), which field
 * of the payload `modify` replaces (`subject`), and what a failure means unless the hook says otherwise.
 */
export interface HookMap extends VoiceHookMap {
  beforeBroadcast: {
    payload: {
      event: RoomEvent
      room: Room
      bindings: readonly ChannelBinding[]
      participants: readonly Participant[]
      state: ConversationState
    }
    mode: 'sync'
    subject: 'event'
    onFailure: 'open'
  }
  afterBroadcast: { payload: { event: RoomEvent; deliveries: DeliveryReport[] }; mode: 'async' }
  onEventUpdated: { payload: { event: RoomEvent; target: RoomEvent }; mode: 'async' }
  onEventDeleted: { payload: { event: RoomEvent; target: RoomEvent }; mode: 'async' }
  beforeDeliver: {
    payload: { content: Content; event: RoomEvent; binding: ChannelBinding }
    mode: 'sync'
    subject: 'content'
    onFailure: 'open'
  }
  afterDeliver: { payload: { report: DeliveryReport; event: RoomEvent; binding: ChannelBinding }; mode: 'async' }
  onDeliveryStatus: { payload: { channelId: ChannelId; status: DeliveryStatus }; mode: 'async' }
  onIdentityUnknown: {
    payload: {
      decision: IdentityDecision | undefined
      message: InboundMessage
      result: IdentityResult
      room: Room | null
    }
    mode: 'sync'
    subject: 'decision'
    onFailure: 'open'
  }
  onIdentityAmbiguous: {
    payload: {
      decision: IdentityDecision | undefined
      message: InboundMessage
      result: IdentityResult
      room: Room | null
    }
    mode: 'sync'
    subject: 'decision'
    onFailure: 'open'
  }
  onSessionStarted: {
    payload: { room: Room; channelId?: ChannelId; participantId?: ParticipantId }
    mode: 'async'
  }
  onRoomCreated: { payload: RoomChange; mode: 'async' }
  onRoomPaused: { payload: RoomChange; mode: 'async' }
  onRoomResumed: { payload: RoomChange; mode: 'async' }
  onRoomClosed: { payload: RoomChange; mode: 'async' }
  onRoomReopened: { payload: RoomChange; mode: 'async' }
  onRoomArchived: { payload: RoomChange; mode: 'async' }
  onChannelAttached: { payload: { binding: ChannelBinding }; mode: 'async' }
  onChannelDetached: { payload: { binding: ChannelBinding }; mode: 'async' }
  onChannelMuted: { payload: { binding: ChannelBinding }; mode: 'async' }
  onChannelUnmuted: { payload: { binding: ChannelBinding }; mode: 'async' }
  onChannelUpdated: { payload: { binding: ChannelBinding }; mode: 'async' }
  onParticipantJoined: { payload: { participant: Participant }; mode: 'async' }
  onParticipantLeft: { payload: { participant: Participant }; mode: 'async' }
  onParticipantIdentified: { payload: { participant: Participant }; mode: 'async' }
  onParticipantUpdated: { payload: { participant: Participant }; mode: 'async' }
  beforeModelCall: {
    payload: { request: ChatRequest; context: TurnContext }
    mode: 'sync'
    subject: 'request'
    onFailure: 'open'
  }
  beforeToolUse: {
    payload: { call: { callId: string; name: string; arguments: Json }; tool: string; context: TurnContext }
    mode: 'sync'
    subject: 'call'
    onFailure: 'closed'
  }
  onToolCall: {
    payload: {
      result: { value?: Json; error?: { code: string; message: string } }
      call: { callId: string; name: string; arguments: Json }
      context: TurnContext
    }
    mode: 'sync'
    subject: 'result'
    onFailure: 'open'
  }
  onModelResponse: {
    payload: { context: TurnContext; text: string; toolCalls: string[]; model: string }
    mode: 'async'
  }
  onThinking: { payload: { context: TurnContext; text: string }; mode: 'async' }
  onPlanUpdated: { payload: { context: TurnContext; plan: Json }; mode: 'async' }
  onFeedback: { payload: { roomId: RoomId; by: string; eventId?: string; value: Json }; mode: 'async' }
  onUserInputRequired: { payload: { request: PendingRequest }; mode: 'async' }
  onTaskCreated: { payload: { task: RoomTask }; mode: 'async' }
  onObservation: { payload: { observation: Observation }; mode: 'async' }
  beforeHandoff: {
    payload: {
      request: HandoffRequest
      from: ChannelId | null
      to: ChannelId | null
      state: ConversationState
      roomId: RoomId
    }
    mode: 'sync'
    subject: 'request'
    onFailure: 'closed'
  }
  onHandoff: { payload: { roomId: RoomId; plan: HandoffPlan; result: HandoffResult }; mode: 'async' }
  onHandoffRejected: {
    payload: { roomId: RoomId; from: ChannelId | null; request: Json; result: HandoffResult }
    mode: 'async'
  }
  onPhaseTransition: { payload: { roomId: RoomId; transition: PhaseTransition }; mode: 'async' }
  onModeChanged: { payload: ModeChange; mode: 'async' }
  onHumanRequested: { payload: { roomId: RoomId; state: ConversationState }; mode: 'async' }
  onTaskDelegated: { payload: { roomId: RoomId; delegationId: string; agentId: ChannelId }; mode: 'async' }
  onTaskCompleted: {
    payload: { roomId: RoomId; delegationId: string; agentId: ChannelId; status: string }
    mode: 'async'
  }
  onStatusPosted: { payload: { entry: StatusEntry }; mode: 'async' }
  onChannelEscalation: { payload: { roomId: RoomId; plan: HandoffPlan; channel: string }; mode: 'async' }
  onReminder: { payload: { roomId: RoomId; key: string; payload: Json }; mode: 'async' }
  onError: { payload: { error: ParleyError; stage: string; roomId?: RoomId; eventId?: string }; mode: 'async' }
}

export type HookTrigger = keyof HookMap
export type SyncTrigger = { [T in HookTrigger]: HookMap[T]['mode'] extends 'sync' ? T : never }[HookTrigger]
export type AsyncTrigger = Exclude<HookTrigger, SyncTrigger>

/** What an identity hook decides about a sender. */
export type IdentityDecision =
  | { kind: 'resolved'; identity: import('@parley/spec').Identity }
  | { kind: 'pending'; displayName?: string; candidates?: import('@parley/spec').Identity[] }
  | { kind: 'challenge'; content: Content }
  | { kind: 'reject'; reason?: BlockReason }

/** How a sync trigger runs: what `modify` replaces, and what a failure means. */
export const syncTriggers: {
  readonly [T in SyncTrigger]: { subject: HookMap[T]['subject']; onFailure: 'open' | 'closed' }
} = {
  beforeBroadcast: { subject: 'event', onFailure: 'open' },
  beforeDeliver: { subject: 'content', onFailure: 'open' },
  onIdentityUnknown: { subject: 'decision', onFailure: 'open' },
  onIdentityAmbiguous: { subject: 'decision', onFailure: 'open' },
  beforeModelCall: { subject: 'request', onFailure: 'open' },
  beforeToolUse: { subject: 'call', onFailure: 'closed' },
  onToolCall: { subject: 'result', onFailure: 'open' },
  beforeHandoff: { subject: 'request', onFailure: 'closed' },
  onTranscription: { subject: 'text', onFailure: 'closed' },
  beforeTts: { subject: 'text', onFailure: 'closed' },
  onDtmf: { subject: 'digits', onFailure: 'closed' },
}

/** Every trigger: a name that is not here is a mistake. */
export const hookTriggers: readonly HookTrigger[] = [
  'beforeBroadcast',
  'afterBroadcast',
  'onEventUpdated',
  'onEventDeleted',
  'beforeDeliver',
  'afterDeliver',
  'onDeliveryStatus',
  'onIdentityUnknown',
  'onIdentityAmbiguous',
  'onSessionStarted',
  'onRoomCreated',
  'onRoomPaused',
  'onRoomResumed',
  'onRoomClosed',
  'onRoomReopened',
  'onRoomArchived',
  'onChannelAttached',
  'onChannelDetached',
  'onChannelMuted',
  'onChannelUnmuted',
  'onChannelUpdated',
  'onParticipantJoined',
  'onParticipantLeft',
  'onParticipantIdentified',
  'onParticipantUpdated',
  'beforeModelCall',
  'beforeToolUse',
  'onToolCall',
  'onModelResponse',
  'onThinking',
  'onPlanUpdated',
  'onFeedback',
  'onUserInputRequired',
  'onTaskCreated',
  'onObservation',
  'beforeHandoff',
  'onHandoff',
  'onHandoffRejected',
  'onPhaseTransition',
  'onModeChanged',
  'onHumanRequested',
  'onTaskDelegated',
  'onTaskCompleted',
  'onStatusPosted',
  'onChannelEscalation',
  'onReminder',
  'onError',
  ...voiceHookTriggers,
]
