export {
  SKIP,
  type Inputs,
  type RegisteredFunction,
  type ScopedState,
  type StepAction,
  type StepContext,
  type StepModelOptions,
  type StepTools,
} from './step/step-context.ts'
export type { CompiledWorkflow } from './step/compiled-workflow.ts'
export { Workflow } from './builder/workflow.ts'
export type { WorkflowOptions } from './builder/workflow-options.ts'
export { Step } from './builder/step.ts'
export type { StepOptions, StrategyOptions } from './builder/step-options.ts'
export { StepConfig, type StepConfigOptions } from './builder/step-config.ts'
export { FailurePolicy, type FailurePolicyOptions } from './builder/failure-policy.ts'
export { FailureAction } from './builder/failure-action.ts'
export { TaskGraph, type GraphRegistries, type TaskGraphOptions } from './builder/task-graph.ts'
export { wait, type ApprovalOptions, type EventOptions, type WaitEnd } from './builder/wait.ts'
export { checkDefinition } from './definition/check/check-definition.ts'
export type { DefinitionCheckOptions, DefinitionLimits, DefinitionPorts } from './definition/check/check-options.ts'
export { canonicalJson, finishDefinition } from './definition/canonical.ts'
export type { WorkflowDraft } from './definition/definition-defaults.ts'
export { toolServers, type ToolEnv } from './definition/tool-servers.ts'
export { isWorkflowError } from './definition/is-workflow-error.ts'
export { compileCondition, type CompiledCondition } from './conditions/compile-condition.ts'
export type { ConditionData } from './conditions/condition-engine.ts'
export { parseExpression, type ExpressionResult } from './conditions/parse-expression.ts'
export type { ExpressionProblem } from './conditions/expression-tokens.ts'
export { createEngine, type Engine, type Runnable } from './engine/create-engine.ts'
export type { EngineOptions, RunOptions, WaitAnswer, WaitReply } from './engine/engine-options.ts'
export type { EngineLimits } from './engine/engine-limits.ts'
export type { RunQueue } from './engine/run-places.ts'
export type { FailureHandler, OpenedWait } from './engine/engine-parts.ts'
export type { RunResult, StepResult } from './engine/run-result.ts'
export type { TaskBook } from './engine/task-book.ts'
export { memoryBackend, type MemoryBackendOptions } from './backend/memory-backend.ts'
export { memoryStepCache, type MemoryStepCacheOptions } from './backend/memory-step-cache.ts'
export { createRouter, type Router } from './routing/create-router.ts'
export type { RouterOptions } from './routing/router-options.ts'
export { routedModel, type RoutedModelRequest } from './routing/routed-model.ts'
export { route, type RankedModel, type RouteDecision } from './routing/route.ts'
export type { BudgetLimits, PrivacyDemand, RouteRequest } from './routing/route-request.ts'
export { toPoolModel, type PoolModel, type RoutingPool } from './routing/routing-pool.ts'
export { createCapabilityRegistry, type CapabilityRegistry } from './routing/capability-registry.ts'
export { defaultRequirement } from './routing/capability-requirements.ts'
export { fitScores, type FitGate, type FitOptions, type ScoreFit } from './routing/fit-scores.ts'
export type { RouterVersion } from './routing/router-version.ts'
export { defaultWeights, type RankingWeights, type RoutingPolicy } from './routing/rank-models.ts'
export { modelClassifier, type PromptClassifier } from './routing/prompt-classifier.ts'
export { classifyPrompt, type Classification, type PromptCategory } from './routing/classify-prompt.ts'
export type { CallAccount } from './routing/model-receipt.ts'
export type { DraftComparer } from './strategies/model-call.ts'
export type { HookEvent, HookName, HookRun, WorkflowHooks } from './log/workflow-hooks.ts'
export { RunLogger, type RunLoggerOptions } from './log/run-logger.ts'
export { LogLevel } from './log/log-level.ts'
export type { LogEvent, LogEventType, RunLog, RunSummary } from './log/log-event.ts'
export type { LogSink } from './log/log-sink.ts'
export { ConsoleSink, type ConsoleSinkOptions } from './log/console-sink.ts'
export { JSONLinesSink } from './log/json-lines-sink.ts'
export { FileSink } from './log/file-sink.ts'
export { CallbackSink } from './log/callback-sink.ts'
export { runViews, viewRunEvent, type RunView, type RunViewOptions } from './views/run-view.ts'
export type { ViewEvent } from './views/view-event.ts'
export { encodeSse, ssePing } from './views/encode-sse.ts'
export type { DeltaData, ExecutionData, ExecutionStep } from './views/execution-data.ts'
export { toWorkflowExecution, type WorkflowExecution } from './views/workflow-execution.ts'
export { drawText, type DrawTextOptions } from './graph/draw-text.ts'
export { drawMermaid } from './graph/draw-mermaid.ts'
export { drawSvg } from './graph/draw-svg.ts'
export { loadDocument, type LoadDocumentOptions } from './documents/load-document.ts'
export { parseDocument, type ParsedDocument } from './documents/parse-document.ts'
export { builtInTemplates } from './templates/built-in-templates.ts'
export type { BuiltInTemplate } from './templates/built-in-template.ts'
export { CompositeValidator } from './contracts/composite-validator.ts'
export { contractRefOf } from './contracts/contract-ref-of.ts'
export {
  t,
  type Field,
  type FieldOutput,
  type FieldType,
  type FieldTypes,
  type Fields,
  type FieldsOutput,
  type OptionalField,
} from './contracts/field-type.ts'
export { type JsonSchemaOptions } from './contracts/json-schema-place.ts'
export { LLMValidator, type LLMValidatorOptions } from './contracts/llm-validator.ts'
export { resolveContract } from './contracts/resolve-contract.ts'
export { type RegexEngine } from './contracts/safe-pattern.ts'
export { Schema, type SchemaOptions, type SchemaOutput } from './contracts/schema.ts'
export { isContract, requireContract } from './contracts/standard-schema.ts'
export { validateValue, type Validated } from './contracts/validate-value.ts'
export {
  createValidationContext,
  type JudgeModelOptions,
  type ValidationContext,
} from './contracts/validation-context.ts'
export { type Validator, type ValidatorResult } from './contracts/validator.ts'
export { v, type Bounds, type CustomCheck, type PatternOptions, type Validators } from './contracts/validators.ts'
export type { DocumentRegistries } from './documents/document-registries.ts'
export type { DocumentLimits } from './documents/document-limits.ts'
export type { DocumentPath, DocumentPosition } from './documents/document-problems.ts'
export { toDocument, type ToDocumentOptions } from './documents/to-document.ts'
export type { InlineDocument, WorkflowSource } from './engine/engine.ts'
export { workflowRunner, type WorkflowRunnerOptions } from './engine/workflow-runner.ts'
export type { ForkRunOptions } from './engine/fork-run.ts'
export type { ReplayMode, ReplayReport } from './engine/replay-run.ts'
export type { ReplayDifference } from './engine/compare-decisions.ts'
export type { Planner, PlanRequest } from './engine/planner.ts'
export { model, type ModelActionContext, type ModelActionOptions } from './adapters/model.ts'
export {
  createExtensionRegistry,
  type ExtensionRegistry,
  type LoadedExtension,
} from './extensions/extension-registry.ts'
export type { Extension, ExtensionManifest, ExtensionParts, PartFactory } from './extensions/extension.ts'
