import { createTemplateAction, cutCauses, type TemplateAction, type TemplateActionOptions } from '@parley/spec'
import { fromLanguageModel, type AnyLanguageModel } from './from-language-model.ts'

/** What an action over a given language model may be told; address and key are the business of its provider. */
export type AiSdkActionOptions = Omit<TemplateActionOptions, 'model'>

/**
 * Makes step's actions that ask one language model of the AI SDK.
 * @throws {ParleyError} `invalid_options` for something that is not a language model of specification `v4`
 * @example const ask = fromAiSdk(mistral('mistral-large-latest')); new Step('facts', ask('Facts about {topic}'))
 */
export function fromAiSdk(
  languageModel: AnyLanguageModel,
): (template: string, options?: AiSdkActionOptions) => TemplateAction {
  // Refused here and not at the first call.
  fromLanguageModel(languageModel)
  return (template, options = {}) => {
    const action = createTemplateAction({
      what: 'fromAiSdk(model)',
      template,
      options,
      ownOptions: [],
      withoutOptions: ['model'],
      isCounted: true,
      open: (_context, { timeoutMs }) =>
        cutCauses(
          fromLanguageModel(languageModel, {
            // The timeout of the action says how long it may take.
            openMs: timeoutMs,
            idleMs: timeoutMs,
            ...(clock === undefined ? {} : { clock }),
          }),
        ),
    })
    const { clock } = options
    return action
  }
}
