import { rulesLabel } from '../../workflows/call-summary.ts'

/** Says to the caller who wrote the summary they read, by its label. */
export function summaryAuthor(label: string): string {
  return label === rulesLabel
    ? 'Put together by written rules from what was said and done. No AI model wrote this.'
    : `Written by an AI model (${label}) from what was said and done.`
}
