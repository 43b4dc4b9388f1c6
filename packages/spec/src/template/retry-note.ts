import type { RetryContext } from '../workflow/failure.ts'

/** The last paragraph of a prompt, where it is a note of an earlier attempt. */
const earlierNote = /\n\n\[Attempt \d+\. [^\n]*\]$/

/**
 * Ends a prompt with one bracketed note on what was wrong with the last attempt. A note that the prompt ends with
 * already is replaced, so notes never add up. Without a retry context the prompt stays as it is.
 */
export function withRetryNote(prompt: string, retryContext: RetryContext | undefined): string {
  if (retryContext === undefined) return prompt
  const { attempt, guidance, failedFields = [] } = retryContext
  const fields = failedFields.length === 0 ? '' : ` Fields: ${failedFields.join(', ')}.`
  return `${prompt.replace(earlierNote, '')}\n\n[Attempt ${attempt + 1}. ${guidance}${fields}]`
}
