export { agentRunner } from './agent/agent-runner.ts'
export { Agent } from './agent/agent.ts'
export { defaultAgentLimits, type AgentLimits } from './agent/agent-limits.ts'
export type { AgentOptions, AgentTools, PromptRenderer } from './agent/agent-options.ts'
export { buildIdentityBlock, type AgentIdentity } from './agent/identity-block.ts'
export type { DecidedRequest } from './agent/run-decided-tool.ts'
export { getStepOutputType, type StepOutput, type StepToolCall } from './agent/step-output.ts'
export type { StepRecord } from './agent/loop-event.ts'
export type { AgentEvent, PromptOptions, PromptResult, StopReason } from './agent/prompt-options.ts'
export type { SendWait } from './api/messages-api.ts'
export { createInProcessBackplane } from './backplane/in-process-backplane.ts'
export { DIRECT_CHANNEL_ID } from './channels/direct-channel.ts'
export type { Peer } from './channels/socket-peer.ts'
export {
  WebSocketChannel,
  type ConnectOptions,
  type PeerConnection,
  type WebSocketChannelOptions,
} from './channels/websocket-channel.ts'
export { encodeEphemeral, encodeEvent, encodeResync, toWireEvent } from './channels/wire-frames.ts'
export { callAccessOf, type CallAccess } from './core/call-access.ts'
export type { CallLine, CallSpeaker, WrittenCalls } from './core/call-speakers.ts'
export type { SpeculationOutcome } from './turns/speculation-account.ts'
export type { ForeseenMessage, Speculation } from './turns/speculations.ts'
export type { KitBound } from './core/kit-bound.ts'
export { frameworkEventTypes, type FrameworkEvent, type FrameworkEventType } from './core/framework-events.ts'
export { defaultLimits, type KitLimits } from './core/limits.ts'
export type { InRoomOptions } from './core/kit-parts.ts'
export {
  turnServices,
  type Steering,
  type TurnOpening,
  type TurnServices,
  type TurnSparing,
} from './core/turn-services.ts'
export type { DeliverOptions } from './delivery/deliver.ts'
export { planDeliveries, type DeliveryPlan, type PlanInput } from './delivery/plan-deliveries.ts'
export { splitText, type SplitTextOptions } from './delivery/split-text.ts'
export { createRateLimiter } from './delivery/token-bucket.ts'
export { plainText, transcode } from './delivery/transcode.ts'
export type { AsyncHook, HookContext, HookFor, HookOptions, SyncHook } from './hooks/hook-engine.ts'
export type { AsyncTrigger, HookMap, HookTrigger, IdentityDecision, SyncTrigger } from './hooks/hook-map.ts'
export { VOICE_HOOK_MS, type CallHookPayload, type VoiceHookMap } from './hooks/voice-hooks.ts'
export { allow, block, modify, type SyncHookResult } from './hooks/hook-results.ts'
export { maskCardNumbers, type MaskCardNumbersOptions } from './hooks/mask-card-numbers.ts'
export type { SendInput } from './inbound/prepare-send.ts'
export type { ProcessInboundOptions } from './inbound/process-inbound.ts'
export { Kit, type KitOptions } from './kit.ts'
export { createInProcessLocks } from './locks/in-process-locks.ts'
export { agentSessionMemory, type AgentSessionMemoryOptions } from './memory/agent-session-memory.ts'
export { budgeted, type BudgetedOptions } from './memory/budgeted.ts'
export { retrieval, type RetrievalOptions } from './memory/retrieval.ts'
export { slidingWindow, type SlidingWindowOptions } from './memory/sliding-window.ts'
export { summarizing, type SummarizingOptions } from './memory/summarizing.ts'
export { conversationRunner, type ConversationRunnerOptions } from './orchestration/conversation-runner.ts'
export type { KitOrchestration } from './orchestration/kit-orchestration.ts'
export type {
  InitialConversation,
  Orchestration,
  OrchestrationDefinition,
  RestoreDefinition,
} from './orchestration/definitions/definition.ts'
export type { MigrateOptions, MigrationReport } from './orchestration/definitions/migrate.ts'
export { Orchestrations } from './orchestration/definitions/orchestrations.ts'
export { delegateTool, type DelegateToolOptions } from './orchestration/delegation/delegate-tool.ts'
export {
  HandoffHandler,
  type HandleOptions,
  type HandoffHandlerOptions,
} from './orchestration/handoff/handoff-handler.ts'
export { HandoffMemoryProvider } from './orchestration/handoff/handoff-memory-provider.ts'
export { buildHandoffTool, HANDOFF_TOOL } from './orchestration/handoff/handoff-tool.ts'
export { setupHandoff } from './orchestration/handoff/setup-handoff.ts'
export type { HandBack, HumanRequest, QueueEntry } from './orchestration/human/human-desk.ts'
export type { CoachMode, HumanOptions } from './orchestration/human/human-options.ts'
export type { OrchestratedAgent } from './orchestration/orchestrated-agent.ts'
export type { OrchestrationHost } from './orchestration/orchestration-host.ts'
export { orchestrationOf, type OrchestrationAccess } from './orchestration/orchestration-of.ts'
export {
  ConversationPipeline,
  type ConversationPipelineOptions,
  type InstalledPipeline,
} from './orchestration/pipeline/conversation-pipeline.ts'
export { handoffPayload } from './orchestration/pipeline/handoff-payload.ts'
export type { PipelineInstallOptions } from './orchestration/pipeline/install-pipeline.ts'
export { Pipeline, type PipelineOptions } from './orchestration/pipeline/pipeline.ts'
export { ConversationRouter, type ConversationRouterOptions } from './orchestration/router/conversation-router.ts'
export type { RouterInstallOptions } from './orchestration/router/install-router.ts'
export { getConversationState, setConversationState } from './orchestration/state/room-state.ts'
export { Loop, type LoopOptions } from './orchestration/strategies/loop.ts'
export type { RefineTask } from './orchestration/strategies/run-supervisor.ts'
export { Supervisor, type SupervisorOptions } from './orchestration/strategies/supervisor.ts'
export { Swarm, type SwarmOptions } from './orchestration/strategies/swarm.ts'
export type { StatusBus, StatusInput, StatusQuery } from './orchestration/status/status-bus.ts'
export type { RequestFilter } from './requests/requests.ts'
export { canRead, canWrite } from './rooms/can-read-write.ts'
export { canSee, type Reader } from './rooms/can-see.ts'
export type { CreateRoomOptions } from './rooms/create-room.ts'
export type { LifecycleOptions, RoomChanges } from './rooms/lifecycle.ts'
export type { ParticipantInput } from './rooms/participants.ts'
export type { ReceiptQuery } from './rooms/read-log.ts'
export type { ConversationStoreFacade } from './rooms/store-facade.ts'
export type { ReminderInput } from './rooms/timers.ts'
export type { Skill } from './skills/load-skills.ts'
export type { ScriptRunner, SkillFile, SkillLoader } from './skills/skill-loader.ts'
export type { OpenSkills, SkillSource } from './skills/skill-source.ts'
export { skills, type SkillsOptions } from './skills/skills.ts'
export type { InboundSource, SourceHealth, SourceOptions } from './sources/source-runner.ts'
export { createMemoryStore, type MemoryStoreOptions } from './store/memory-store.ts'
export { FunctionKernel, type FunctionKernelOptions } from './tools/function-kernel.ts'
export { isToolAllowed } from './tools/tool-policy.ts'
// The vocabulary most users of the kit need, so that one import is enough.
export {
  ConversationState,
  defineTool,
  handoffRejections,
  ParleyError,
  ToolError,
  type Channel,
  type ChannelBinding,
  type ChannelType,
  type Content,
  type ConversationPhase,
  type ConversationStore,
  type EventInput,
  type HandoffContract,
  type HandoffRejection,
  type HandoffRequest,
  type HandoffResult,
  type InboundMessage,
  type InboundResult,
  type Participant,
  type PendingRequest,
  type PhaseTransition,
  type PipelineStage,
  type Receipt,
  type Room,
  type RoomEvent,
  type RoutingConditions,
  type RoutingDecision,
  type RoutingRule,
  type SendResult,
  type Tool,
  type ToolContext,
  type ToolEffect,
  type Tools,
  type ToolSource,
  type TurnContext,
  type TurnOutput,
  type Visibility,
} from '@parley/spec'
