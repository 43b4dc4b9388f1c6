import { toJsonSchema, type Json } from '@parley/spec'
import { expect, test } from 'vitest'
import { contracts } from '../../agents/contracts.ts'
import { contractFields, prefill, toPayload } from './contract-fields.ts'

// A JSON Schema is JSON, which its type does not say.
const billing = contractFields(toJsonSchema(contracts.billing.schema) as unknown as Json)

test('a form is made of the contract that the agents use', () => {
  expect(billing.find(({ name }) => name === 'topic')).toMatchObject({
    kind: 'choice',
    choices: ['charge', 'payment', 'plan'],
    isRequired: true,
  })
  expect(billing.find(({ name }) => name === 'verified')).toMatchObject({ kind: 'fixed', value: true })
  expect(billing.find(({ name }) => name === 'summary')?.kind).toBe('long')
  expect(billing.find(({ name }) => name === 'cents')).toMatchObject({ kind: 'number', isRequired: false })
})

test('known values fill it, later sources only where earlier ones say nothing', () => {
  const values = prefill(billing, { topic: 'charge', cents: 7_900 }, { topic: 'plan', accountId: 'acc_1' })
  expect(values).toMatchObject({ topic: 'charge', cents: '7900', accountId: 'acc_1', verified: 'true' })
  expect(toPayload(billing, { ...values, summary: ' done ' })).toEqual({
    accountId: 'acc_1',
    verified: true,
    topic: 'charge',
    cents: 7_900,
    summary: 'done',
  })
})
