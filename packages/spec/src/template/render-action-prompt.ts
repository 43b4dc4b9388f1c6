import { ParleyError } from '../parley-error.ts'
import type { RetryContext } from '../workflow/failure.ts'
import { asPromptData } from './as-prompt-data.ts'
import { ownPath } from './own-path.ts'
import type { Template } from './parse-template.ts'
import { maxRenderedBytes, renderTemplate } from './render-template.ts'
import { withRetryNote } from './retry-note.ts'

/** What a prompt is rendered from: a step's context, as far as it is looked at. */
export interface ActionPromptSource {
  readonly stepId: string
  readonly inputs: { readonly [name: string]: unknown }
  /** The item of a foreach. */
  readonly item?: unknown
  /** Given in a foreach, where the item itself may be null. */
  readonly itemIndex?: number | undefined
  /** Absent on the first attempt. */
  readonly retryContext?: RetryContext | undefined
}

/**
 * The prompt of an action for one attempt. `{name}` is an input, else a field of the foreach item; `{item}` and
 * `{item.field}` are the item. Values are put in as data; on a later attempt one note follows.
 * @throws {ParleyError} `template_unresolved` naming the path, `limit_exceeded`, `value_not_json`
 */
export function renderActionPrompt(template: Template, source: ActionPromptSource): string {
  const { stepId } = source
  const rendered = renderTemplate(template, (path) => asPromptData(lookUp(source, path)))
  if (rendered.ok) return withRetryNote(rendered.text, source.retryContext)
  const path = rendered.path.join('.')
  if (rendered.tooLarge) {
    throw new ParleyError({
      code: 'limit_exceeded',
      message: `The prompt of step "${stepId}" is larger than ${maxRenderedBytes} bytes. Put less into it.`,
      details: { step: stepId, path, limit: 'renderedBytes', max: maxRenderedBytes },
    })
  }
  throw new ParleyError({
    code: 'template_unresolved',
    message: `The prompt of step "${stepId}" uses {${path}}, which has no value. Names come from the step's inputs and its item: depend on the step that gives it, or correct the name.`,
    details: { step: stepId, path },
  })
}

function lookUp({ inputs, item, itemIndex }: ActionPromptSource, path: readonly string[]): unknown {
  const [root = ''] = path
  const hasItem = item !== undefined || itemIndex !== undefined
  if (hasItem && root === 'item') return ownPath(item, path.slice(1))
  return hasItem && !Object.hasOwn(inputs, root) ? ownPath(item, path) : ownPath(inputs, path)
}
