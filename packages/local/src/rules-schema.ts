import type { JsonSchema } from '@parley/spec'
import { slotTypes } from './rules-document.ts'

const text = (description: string): JsonSchema => ({ type: 'string', minLength: 1, description })
const name = (description: string): JsonSchema => ({
  type: 'string',
  pattern: '^[A-Za-z_][A-Za-z0-9_-]*$',
  description,
})
const list = (items: JsonSchema, description: string, minItems = 0): JsonSchema => ({
  type: 'array',
  items,
  minItems,
  description,
})
const map = (values: JsonSchema, description: string): JsonSchema => ({
  type: 'object',
  propertyNames: name('a name of letters, digits, _ and -'),
  additionalProperties: values,
  description,
})
const closed = (properties: JsonSchema, required: string[], description: string): JsonSchema => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
  description,
})
const actions: JsonSchema = { type: 'array', items: { $ref: '#/$defs/action' }, description: 'a list of actions' }
const values: JsonSchema = {
  type: 'object',
  additionalProperties: {},
  description: 'a map of arguments to templates or literals',
}

const slot = closed(
  {
    type: { enum: [...slotTypes], description: `one of ${slotTypes.join(' ')}` },
    prompt: text('the question that asks for it'),
    reprompt: text('the question that asks again'),
    retries: { type: 'integer', minimum: 0, maximum: 10, description: 'a whole number from 0 to 10' },
    length: { type: 'integer', minimum: 1, maximum: 40, description: 'a whole number from 1 to 40' },
    min: { type: 'number', description: 'a number' },
    max: { type: 'number', description: 'a number' },
    choices: {
      anyOf: [
        list(text('an id'), 'a list of ids', 1),
        map(list(text('a phrase'), 'a list of phrases'), 'ids with their phrases'),
      ],
      description: 'a list of ids, or a map of ids to lists of phrases',
    },
    lookup: name('a key of the lookups given to the model'),
    sensitive: { type: 'boolean', description: 'true or false' },
  },
  ['type', 'prompt'],
  'a slot',
)

const intent = closed(
  {
    patterns: list(text('a pattern'), 'a list of at least one pattern', 1),
    phases: list(text('a phase'), 'a list of phases'),
    priority: { type: 'number', description: 'a number' },
    set: { type: 'object', additionalProperties: {}, description: 'a map of slots to values' },
    examples: list(text('a sentence'), 'a list of sentences'),
  },
  ['patterns'],
  'an intent',
)

const trigger = closed(
  {
    intent: text('the name of an intent'),
    slots: {
      anyOf: [
        list(text('the name of a slot'), 'a list of slots', 1),
        { type: 'object', additionalProperties: {}, description: 'a map of slots to values' },
      ],
      description: 'a list of slots, or a map of slots to the values they must have',
    },
    if: text('a condition'),
    after: text('a tool, or the key of a saved result'),
    opening: { type: 'boolean', description: 'true or false' },
  },
  [],
  'a map of intent, slots, if, after, opening',
)

// Each branch is told by its first required key.
const action: JsonSchema = {
  oneOf: [
    closed({ reply: text('what is said') }, ['reply'], 'a reply'),
    closed({ ask: text('the name of a slot') }, ['ask'], 'a question'),
    closed(
      { tool: text('the name of a tool'), with: values, save: name('a name for the result'), on_error: actions },
      ['tool'],
      'a tool call',
    ),
    closed({ confirm: text('the question'), yes: actions, no: actions }, ['confirm'], 'a yes-or-no question'),
    closed(
      {
        handoff: text('the agent, or human'),
        reason: text('why'),
        summary: text('what the receiver must know'),
        payload: values,
        phase: text('a phase'),
        on_error: actions,
      },
      ['handoff', 'reason'],
      'a handoff',
    ),
    closed({ if: text('a condition'), then: actions, else: actions }, ['if', 'then'], 'a choice by condition'),
    closed(
      {
        menu: list(
          closed(
            {
              say: text('what to say'),
              key: { type: 'string', pattern: '^[0-9*#]$', description: 'one key in quotes, such as "1"' },
              intent: text('the name of an intent'),
            },
            ['say', 'key', 'intent'],
            'an entry with say, key and intent',
          ),
          'a list of at least one entry',
          1,
        ),
      },
      ['menu'],
      'a menu',
    ),
    closed({ end: { const: true, description: 'true' } }, ['end'], 'the end of the actions'),
  ],
  description: 'one of reply, ask, tool, confirm, handoff, if, menu, end',
}

/** JSON Schema (2020-12) of rules files, for editors and for `createLocalModel` itself. */
export const rulesJsonSchema: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Parley rules',
  ...closed(
    {
      parley_rules: { const: 1, description: '1, the version of this form' },
      agent: text('the id of the agent'),
      synonyms: map(
        list(text('a word or phrase'), 'a list of words or phrases', 1),
        'a map of groups to words or phrases',
      ),
      slots: map(slot, 'a map of slots'),
      intents: map(intent, 'a map of intents'),
      rules: list(
        closed(
          { when: trigger, need: list(text('the name of a slot'), 'a list of slots'), do: actions },
          ['do'],
          'a rule',
        ),
        'a list of rules',
      ),
      fallback: { ...actions, minItems: 1, description: 'a list of at least one action' },
    },
    ['parley_rules', 'agent', 'rules'],
    'a rules document',
  ),
  $defs: { action },
}
