export { assertNever } from './assert-never.ts'
export {
  type Budget,
  type BudgetSpec,
  type Envelope,
  type EnvelopeKind,
  type ExceededCap,
  type Measured,
  type OnExceed,
  type Price,
  type PriceTable,
  type Reservation,
  type Spend,
} from './budget-port.ts'
export { createCallIds, type CallIds } from './call-ids.ts'
export {
  bindingOptionsSchema,
  rateLimitSchema,
  retryPolicySchema,
  type AgentOutput,
  type AgentOutputPart,
  type BindingOptions,
  type Channel,
  type ChannelAccess,
  type ChannelBinding,
  type ChannelCapabilities,
  type ChannelCategory,
  type ChannelDirection,
  type ChannelType,
  type Delivery,
  type DeliveryContext,
  type DeliveryOutcome,
  type DeliveryReport,
  type DeliveryStatus,
  type OutputSink,
  type ParseContext,
  type RateLimit,
  type RetryPolicy,
  type SettledOutput,
  type WebhookRequest,
} from './channel.ts'
export {
  type CallOptions,
  type ChatMessage,
  type ChatModel,
  type ChatPart,
  type ChatRequest,
  type ChatResult,
  type ContentPart,
  type EndReason,
  type ModelCard,
  type ToolCallPart,
  type ToolDefinition,
  type ToolResultPart,
  type Usage,
} from './chat-model.ts'
export { cardObjection, checkContentParts, type PartPlace } from './check-content-parts.ts'
export { toAddress, toBase64 } from './content-data.ts'
export { contentSchema, type Content, type SystemContent, type TextContent, type ToolCallContent } from './content.ts'
export { checkCommit } from './check-commit.ts'
export { checkMetadataKeys } from './check-metadata-keys.ts'
export {
  checkContract,
  toJsonSchema,
  type Checked,
  type Contract,
  type ContractOutput,
  type StandardSchema,
  type Violation,
} from './contract.ts'
export {
  ConversationState,
  PHASE_HISTORY_LIMIT,
  type ConversationMode,
  type ConversationPhase,
  type ConversationStateJson,
  type HandoffNote,
  type HumanState,
  type PhaseTransition,
  type TransitionOptions,
} from './conversation-state.ts'
export {
  type Backplane,
  type CommitExtras,
  type CommitOutcome,
  type ConversationStore,
  type EventDraft,
  type Family,
  type FamilyFilter,
  type FencingToken,
  type Page,
  type RoomContext,
  type RoomFilter,
  type RoomLocks,
  type RoomPatch,
  type TargetEffect,
} from './conversation-store.ts'
export { type DelegateOptions, type Delegation, type DelegationResult } from './delegation.ts'
export { type DeliveryQueue, type QueuedDelivery } from './delivery-queue.ts'
export { type EphemeralEvent, type EphemeralInput, type EphemeralType } from './ephemeral.ts'
export { errorCodes, isRetryableCode, type ErrorCode, type ErrorCodeInfo } from './error-codes.ts'
export { generate } from './generate.ts'
export {
  handoffRejections,
  type ChannelEscalation,
  type HandoffActor,
  type HandoffContract,
  type HandoffInput,
  type HandoffOpening,
  type HandoffParticipant,
  type HandoffPlan,
  type HandoffRejection,
  type HandoffRequest,
  type HandoffResult,
} from './handoff.ts'
export { type IdentityResolver, type IdentityResult, type InboundRouter } from './identity-port.ts'
export {
  type ChannelId,
  type EventId,
  type Id,
  type OrganizationId,
  type ParticipantId,
  type RequestId,
  type RoomId,
  type TurnId,
} from './ids.ts'
export {
  blockReasons,
  type BlockReason,
  type Cascade,
  type InboundMessage,
  type InboundResult,
  type SendResult,
} from './inbound.ts'
export { type Disposer, type Instant, type Json, type JsonSchema } from './json.ts'
export { type Memory, type MemoryProvider, type MemoryQuery } from './memory.ts'
export { checkOptions, nearestName, nearestNames } from './options.ts'
export { type PipelineStage, type RoutingConditions, type RoutingPredicate, type RoutingRule } from './orchestration.ts'
export { pageLimit, parseCursor } from './paging.ts'
export { ParleyError, toParleyError, type ParleyErrorOptions } from './parley-error.ts'
export { type Identity, type Participant, type ParticipantRole } from './participant.ts'
export {
  REDACTED,
  type Actor,
  type Answer,
  type AnswerResult,
  type PendingRequest,
  type RequestDecision,
  type RequestOutcome,
} from './requests.ts'
export { type RestOperation, type RestServer } from './rest-server.ts'
export { type Embedder, type Passage, type RetrievalQuery, type Retriever } from './retrieval.ts'
export { defaultRetryPolicy, retryDelayMs } from './retry.ts'
export { retryAfterMs } from './retry-after.ts'
export { saveConversation } from './save-conversation.ts'
export { createSha256, sha256Hex, type Sha256 } from './sha256.ts'
export {
  eventTypes,
  type ChannelData,
  type EventInput,
  type EventSource,
  type EventType,
  type RoomEvent,
} from './room-event.ts'
export {
  type EventQuery,
  type Observation,
  type ObservationInput,
  type ReadMarker,
  type Receipt,
  type ReceiptKind,
  type Reminder,
  type RoomTask,
  type RoomTaskInput,
  type StoredToolResult,
  type Tombstone,
} from './room-records.ts'
export {
  roomTimersSchema,
  type AgentResponsePolicy,
  type OrchestrationSpec,
  type Room,
  type RoomStatus,
  type RoomTimers,
} from './room.ts'
export { type RoutingDecision, type RoutingReason, type SkippedCandidate } from './routing.ts'
export { modelFailure, type FailedModelCall } from './model-failure.ts'
export { recordingFetch, type WireRecord } from './record-fetch.ts'
export { type AgentRunner, type RunnerEvent, type RunnerRequest, type RunnerResult } from './runner.ts'
export { type SqlDatabase } from './sql-database.ts'
export { type StatusEntry } from './status-entry.ts'
export { createSocketFrames, type SocketFrames } from './socket-frames.ts'
export { isContent, streamModel, type ModelCodec, type StreamModelOptions } from './stream-model.ts'
export { foldOutputTool, planStructuredOutput, type StructuredOutputPlan } from './structured-output.ts'
export {
  createVendorModel,
  vendorFetch,
  type VendorAnswer,
  type VendorModelOptions,
  type VendorModelParts,
  type VendorWireOptions,
} from './vendor-model.ts'
export { vendorOptions } from './vendor-options.ts'
export { createSystemClock, createSystemIds, sleepOn, type SystemClockOptions } from './system.ts'
export {
  ToolError,
  ToolOutcome,
  checkToolInput,
  defineTool,
  type AnyTool,
  type Approval,
  type DefineToolOptions,
  type McpConnection,
  type McpHost,
  type McpServer,
  type OnDuplicate,
  type OnDecision,
  type OnSpeculation,
  type PendingApproval,
  type Tool,
  type ToolContext,
  type ToolDescription,
  type ToolEffect,
  type ToolKernel,
  type ToolPolicy,
  type ToolResult,
  type ToolSource,
  type Tools,
} from './tool.ts'
export { type RoomHandle, type ToolCallRecord, type TurnContext, type TurnEnd, type TurnOutput } from './turn.ts'
export { UlidTail, encodeUlidTime } from './ulid.ts'
export { visibilitySchema, type Visibility } from './visibility.ts'
export { fromWire, fromWireName, toWire, toWireName } from './wire-case.ts'
export {
  noLogger,
  noTelemetry,
  type Attributes,
  type Clock,
  type IdSource,
  type Logger,
  type RateLimiter,
  type Socket,
  type SocketFactory,
  type Span,
  type Telemetry,
  type UrlGuard,
} from './world.ts'
export { budgetKeys, onExceedValues } from './budget-arithmetic.ts'
export { matchesGlob, narrowGlobs } from './matches-glob.ts'
export { createBudget, type BudgetOptions, type BudgetWarning } from './budget.ts'
export { estimateInputTokens } from './estimate-request.ts'
export { parsePriceTables } from './parse-price-tables.ts'
export { costOf, priceAt, toNanoUsd, toUsd } from './price.ts'
export { budgetExceeded, withBudget, type WithBudgetOptions } from './with-budget.ts'
export { withFallback, type WithFallbackOptions } from './with-fallback.ts'
export { FRAME_MS, sampleRates } from './audio-frame.ts'
export type { AudioChunk, AudioEncoding, AudioFormat, AudioFrame, SampleRate } from './audio-frame.ts'
export { createEventEmitter, type EventEmitter, type EventEmitterOptions, type EventFeed } from './event-feed.ts'
export { createEventQueue, type EventQueue, type EventQueueOptions } from './event-queue.ts'
export type {
  AudioOutput,
  CallView,
  ClearResult,
  CloseReason,
  EndpointHandlers,
  EndpointInfo,
  MediaEndpoint,
  MediaStats,
  OutputEvent,
  OutputMixer,
  OutputSegment,
  PositionConfidence,
  RemoteTranscript,
} from './media.ts'
export type {
  AudioProcessor,
  BackchannelDetector,
  SpeechContext,
  SpeechPricing,
  SpeechToText,
  SttEvent,
  SttInfo,
  SttOpen,
  SttStream,
  TextToSpeech,
  Transcript,
  TtsCacheStore,
  TtsEvent,
  TtsInfo,
  TtsOpen,
  TtsStream,
  TurnDetector,
  TurnHint,
  TurnPredictionInput,
  VadOptions,
  VadResult,
  VadStream,
  Voice,
  VoiceActivityDetector,
  Word,
  WordTimingSource,
} from './speech.ts'
export {
  CALL_FRAME_HEADER_BYTES,
  CALL_FRAME_MAX_PAYLOAD_BYTES,
  encodeCallFrame,
  parseCallFrame,
  unwrapPosition,
  type CallCodec,
  type CallFrame,
  type CallRate,
} from './call-frame.ts'
export {
  callCloseCodes,
  callProtocol,
  callTokenProtocol,
  callWireVersion,
  clientCallMessageSchema,
  parseClientCallMessage,
  parseServerCallMessage,
  serverCallMessageSchema,
  writeCallMessage,
  type CallMessageResult,
  type ClientCallMessage,
  type ServerCallMessage,
} from './call-wire.ts'
export type { RecordingFile, RecordingFileInfo, RecordingSink } from './recording-sink.ts'
export {
  capabilityKinds,
  tiers,
  type CapabilityHint,
  type CapabilityKind,
  type CapabilityOverride,
  type CapabilityRequirement,
  type Tier,
} from './workflow/capabilities.ts'
export type {
  ArgumentInfo,
  ContractRef,
  DraftComparison,
  ForeachPolicy,
  ForeachSpec,
  McpServerDeclaration,
  RagSpec,
  Region,
  RestMethod,
  StateReducer,
  StepDefaults,
  StepDefinition,
  StepKind,
  StrategySpec,
  WaitSpec,
  WorkflowCompat,
  WorkflowDefinition,
  WorkflowLimits,
  WorkflowProblem,
} from './workflow/definition.ts'
export type {
  CommitBatch,
  DurableBackend,
  ForkOptions,
  Journal,
  Lease,
  RunFilter,
  RunPage,
  RunPatch,
} from './workflow/durable-backend.ts'
export { answerWait } from './workflow/answer-wait.ts'
export { clipEventData } from './workflow/clip-event-data.ts'
export { durableLimits } from './workflow/durable-limits.ts'
export { readItemChunks, toItemChunk, type ItemEntry } from './workflow/item-chunks.ts'
export { isSignalKept } from './workflow/is-signal-kept.ts'
export {
  leaseLost,
  runExists,
  runTerminal,
  runUnknown,
  tooManySubscribers,
  waitExpired,
  waitResolved,
  waitTokenTaken,
  waitUnknown,
} from './workflow/run-errors.ts'
export { parseRunPage } from './workflow/run-page.ts'
export type { StepCache, StepCacheEntry } from './workflow/step-cache.ts'
export type {
  ContractFault,
  FailureActionName,
  FailureClass,
  FailurePolicySpec,
  RetryContext,
  RetrySpec,
} from './workflow/failure.ts'
export type { FilterName, LostCandidate, ModelReceipt, ReceiptCandidate, ReceiptHop } from './workflow/model-receipt.ts'
export {
  terminalRunEvents,
  terminalRunStatuses,
  type AttemptRecord,
  type AttemptStatus,
  type LedgerEntry,
  type RunError,
  type RunEvent,
  type RunEventType,
  type RunRecord,
  type RunStatus,
  type SignalRecord,
  type SkipReason,
  type StepRunRecord,
  type StepStatus,
  type TaskStatus,
  type WaitRecord,
  type WaitResolution,
  type WorkflowTask,
} from './workflow/runs.ts'
export type { LogRun, LogWriter } from './workflow/log-writer.ts'
export { ownPath } from './template/own-path.ts'
export {
  parseTemplate,
  type Template,
  type TemplateProblem,
  type TemplateReference,
  type TemplateResult,
  type TemplateStyle,
} from './template/parse-template.ts'
export { maxRenderedBytes, renderTemplate, type RenderResult } from './template/render-template.ts'
export { asPromptData } from './template/as-prompt-data.ts'
export { checkBaseUrl } from './template/check-base-url.ts'
export { requireCredential, type CredentialSource } from './template/credential-source.ts'
export { cutCauses } from './template/cut-causes.ts'
export { renderActionPrompt, type ActionPromptSource } from './template/render-action-prompt.ts'
export { withRetryNote } from './template/retry-note.ts'
export {
  createTemplateAction,
  type TemplateAction,
  type TemplateActionContext,
  type TemplateActionParts,
  type TemplateAnswer,
} from './template/template-action.ts'
export { type TemplateActionOptions, type TemplateCallOptions } from './template/template-action-options.ts'
export { isUnsafeKey } from './template/unsafe-key.ts'
export {
  createVendorAction,
  type VendorActionOptions,
  type VendorActionParts,
  type VendorCall,
} from './template/vendor-action.ts'
export { safeErrorText } from './security/error-text.ts'
export { createRedactor, redact, type Redactor } from './security/redact.ts'
export { REDACTED_KEY } from './security/redact-known-keys.ts'
export { redactText } from './security/redact-text.ts'
export { executionRetryContext, toFieldToken, toTypeToken, validationRetryContext } from './security/retry-tokens.ts'
export { toSafeFileName } from './security/safe-file-name.ts'
export { isSensitiveKey, type SensitiveKeyOptions } from './security/sensitive-key.ts'
export { NEUTRALIZED, sanitizeUntrustedText, type CleanedText, type UntrustedFlags } from './security/untrusted-text.ts'
export { findCredential } from './template/refuse-credentials.ts'
export type { LiveCallInfo } from './live-call-info.ts'
