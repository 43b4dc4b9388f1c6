import type { JsonSchema } from '@parley/spec'

/** An input of the named texts, all required, and the context that every template takes. */
export function textInput(fields: { readonly [name: string]: string }): JsonSchema {
  const texts = Object.entries(fields).map(([name, description]) => [
    name,
    { type: 'string', minLength: 1, description },
  ])
  return {
    type: 'object',
    properties: { ...Object.fromEntries(texts), ...contextField },
    required: Object.keys(fields),
  }
}

/** The input field that every template takes. */
export const contextField: JsonSchema = {
  context: { description: 'Anything that helps: notes, text or data. Given to the models as data.' },
}
