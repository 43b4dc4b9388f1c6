export {
  createSentenceSplitter,
  sentenceSplitterDefaults,
  type SentenceSplitter,
  type SentenceSplitterOptions,
} from './text/sentence-splitter.ts'
export {
  createTextFilters,
  textFilterDefaults,
  type FilteredPiece,
  type SpokenFilter,
  type TextFilterOptions,
  type TextFilters,
} from './text/text-filters.ts'
export { type ToolCallText } from './text/hidden-text.ts'
export { type SpokenUnit } from './text/spoken-units.ts'
export {
  type FarEnd,
  type FarFrame,
  type FarSegment,
  type OutputMixer,
  type PacedOutput,
  type PlayedReport,
  type PositionSource,
} from './output/far-end.ts'
export { followSpeaking, SPEAKING_TAIL_MS, type FollowSpeakingOptions } from './output/follow-speaking.ts'
export { createPacedOutput } from './output/paced-output.ts'
export { defaultOutputTimings, type OutputTimings, type PacedOutputOptions } from './output/paced-output-options.ts'
export { createHeardLedger, type GeneratedText, type HeardLedger, type SpanReport } from './ledger/heard-ledger.ts'
export { MAX_RESAYS, type MustHearDue } from './ledger/heard-spans.ts'
export {
  type HeardExtent,
  type LedgerJson,
  type LedgerSegment,
  type LedgerSpan,
  type LedgerStatus,
  type LedgerUtterance,
  type LedgerWord,
} from './ledger/ledger-record.ts'
export { createTurnMachine, type TurnMachine, type TurnOutcome, type TurnState } from './turn/turn-machine.ts'
export { type TurnSettings } from './turn/turn-settings.ts'
export {
  type AgentState,
  type CommittedTurn,
  type InterruptPlan,
  type TurnEffect,
  type TurnReceipt,
  type UserState,
} from './turn/turn-effects.ts'
export { type TurnCommand, type TurnEvent, type UtteranceKind, type UtteranceRequest } from './turn/turn-events.ts'
export { type AmdVerdict, type InterruptReason } from './turn/verdicts.ts'
export { type FillerSettings, type VoiceSettings, type VoiceStages } from './options/voice-settings.ts'
