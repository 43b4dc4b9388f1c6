export { type RulesDescription } from './describe-rules.ts'
export { type Grammar, type GrammarOptions } from './grammar.ts'
export { HANDOFF_NOTE_MARK } from './internal-note.ts'
export { createLocalModel, type LocalModel, type LocalModelOptions } from './local-model.ts'
export { type Lookup, type LookupEntry } from './lookups.ts'
export { checkRules, type RulesFault } from './parse-rules.ts'
export {
  slotTypes,
  type Action,
  type IntentRule,
  type MenuEntry,
  type Rule,
  type RulesDocument,
  type RuleTrigger,
  type SlotRule,
  type SlotType,
} from './rules-document.ts'
export { rulesJsonSchema } from './rules-schema.ts'
export { createFliteTts, type FliteTts, type FliteTtsOptions } from './speech/flite/flite-tts.ts'
export {
  createSileroSession,
  type SileroRuntime,
  type SileroSession,
  type SileroWindows,
} from './speech/silero/silero-session.ts'
export {
  createSileroVad,
  type SileroFallback,
  type SileroVad,
  type SileroVadOptions,
} from './speech/silero/silero-vad.ts'
export {
  findPocketSphinx,
  type FindPocketSphinxOptions,
  type PocketSphinx,
} from './speech/pocketsphinx/find-pocket-sphinx.ts'
export { createPocketSphinxStt, type PocketSphinxOptions } from './speech/pocketsphinx/pocket-sphinx-stt.ts'
export { createRuleBackchannel, type RuleBackchannelOptions } from './speech/rules/rule-backchannel.ts'
export { createRuleTurnDetector, type RuleTurnDetectorOptions } from './speech/rules/rule-turn-detector.ts'
export { type TurnWords } from './speech/rules/turn-words.ts'
