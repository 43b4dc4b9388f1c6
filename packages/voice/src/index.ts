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
